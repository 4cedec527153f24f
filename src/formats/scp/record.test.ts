import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseScpRecord } from './index.ts'

const RECORDS: Readonly<Record<string, object>> = {
  'C0644 1234 daily.cvd': { kind: 'file', bytes: 1234, name: 'daily.cvd' },
  'C0644 0 with space': { kind: 'file', bytes: 0, name: 'with space' },
  'T1700000000 0 1700000001 0': { kind: 'times', mtime: 1_700_000_000 },
  'D0755 0 folder': { kind: 'folder' },
  E: { kind: 'folder-end' },
  '\u0001scp: no such file': { kind: 'complaint', message: 'scp: no such file', fatal: false },
}

for (const [line, expected] of Object.entries(RECORDS)) {
  test(`${JSON.stringify(line)} is a record`, () => {
    assert.deepEqual(parseScpRecord(line), { ok: true, value: expected })
  })
}

for (const line of ['', 'C', 'C0644 -1 a', 'C0644 1e9 a', 'C0644 1 ../a', 'C9 1 a', 'T1 2', 'X']) {
  test(`${JSON.stringify(line)} is not`, () => assert.equal(parseScpRecord(line).ok, false))
}

test('law: no line makes the reader throw, and a file name has no slash', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (line) => {
      const record = parseScpRecord(`C0644 1 ${line}`)
      if (record.ok && record.value.kind === 'file') assert.ok(!record.value.name.includes('/'))
      parseScpRecord(line)
    }),
  )
})
