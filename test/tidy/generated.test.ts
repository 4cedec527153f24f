import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { GENERATED } from '../../dev/generate.ts'

for (const [path, print] of GENERATED) {
  test(`${path} is fresh: npm run generate would not change it`, () => {
    assert.equal(readFileSync(path, 'utf8'), print())
  })
}
