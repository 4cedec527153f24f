import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { aGeneration, aName, aSerial, aVersion } from '../../../test/support/values.ts'
import { describeShortfall, shortfall } from './acknowledge.ts'
import { type PushPolicy, retryDelayMs } from './policy.ts'

const daily = aName('daily')
const wanted = {
  serial: aSerial(5),
  generation: aGeneration(9),
  databases: new Map([[daily, aVersion(7)]]),
}

test('a mirror is acknowledged by serial, generation and the database itself', () => {
  const seen = { ...wanted, versions: new Map([[daily, aVersion(7)]]) }
  assert.equal(shortfall(seen, wanted), undefined)
  assert.equal(
    shortfall({ ...seen, serial: aSerial(6), generation: aGeneration(12) }, wanted),
    undefined,
  )
  assert.equal(shortfall({ ...seen, serial: aSerial(4) }, wanted)?.kind, 'behind')
  assert.equal(shortfall({ ...seen, generation: aGeneration(8) }, wanted)?.kind, 'old-pointers')
})

// field-notes 1.2: the freshness mark is new, the content is not.
test('a fresh timestamp beside an old or unreadable database is not enough', () => {
  for (const version of [aVersion(6), undefined]) {
    const lack = shortfall({ ...wanted, versions: new Map([[daily, version]]) }, wanted)
    assert.equal(lack?.kind, 'old-database')
    assert.match(lack === undefined ? '' : describeShortfall(lack), /daily\.cvd/)
  }
})

test('waits double, stay under their cap and spread over half of it', () => {
  const policy: PushPolicy = {
    parallel: 8,
    connectTimeoutMs: 1,
    syncTimeoutMs: 1,
    retries: 5,
    retryBaseMs: 1000,
    retryMaxMs: 60_000,
    canary: false,
  }
  assert.equal(
    retryDelayMs(1, policy, () => 0),
    500,
  )
  assert.equal(
    retryDelayMs(3, policy, () => 0.5),
    3000,
  )
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (n, die) => {
        const wait = retryDelayMs(n, policy, () => die)
        assert.ok(wait >= 500 && wait <= 60_000)
      },
    ),
  )
})
