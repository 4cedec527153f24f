import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type EpochMs, epochMs } from '#base/time.ts'
import { type FileClass, fileClass } from './file-class.ts'
import { addressPrefix, identityOf } from './identity.ts'
import { judgeWhole, newLedger } from './ledger.ts'

const POLICY = { wholesAnHour: 3, retryAfterMax: 900 }
const MINUTE = 60_000
const agent = (n: number) =>
  `ClamAV/1.4.6 (OS: Linux, ARCH: x86_64, CPU: x86_64, UUID: fd49bb29-8689-41b4-bef4-${String(n).padStart(12, '0')})`

function at(minute: number): EpochMs {
  return epochMs(1_795_000_000_000 + minute * MINUTE)
}

test('every file of a release has its class', () => {
  const classes: Readonly<Record<string, FileClass>> = {
    'daily.cvd': 'database',
    'acme.ndb': 'database',
    'database/viruses.db2': 'database',
    'daily-27001.cdiff': 'patch',
    'daily-27001.cvd.sign': 'signature',
    'daily-27001.cdiff.sign': 'signature',
    timestamp: 'pointer',
    'dns.txt': 'pointer',
    'tuf/timestamp.json': 'pointer',
    'database/viruses.md5': 'pointer',
    'database/viruses2.md5': 'pointer',
    'viruses.db2.md5': 'pointer',
    '': 'page',
    'index.html': 'page',
    'local_logo.png': 'local',
    'local_stats/': 'local',
  }
  for (const [path, kind] of Object.entries(classes)) assert.equal(fileClass(path), kind, path)
})

test('a client in a loop is told to wait until its oldest fetch is an hour ago, or for the cap', () => {
  const ledger = newLedger()
  const ask = (minute: number, path = 'daily.cvd') => {
    const identity = identityOf('192.0.2.7', agent(1))
    return judgeWhole(ledger, { identity, path, now: at(minute) }, POLICY)
  }
  for (const minute of [0, 1, 2]) assert.equal(ask(minute).kind, 'serve')
  assert.deepEqual(ask(3), { kind: 'loops', retryAfter: 900 })
  assert.deepEqual(ask(55), { kind: 'loops', retryAfter: 300 })
  assert.equal(ask(3, 'main.cvd').kind, 'serve')
  assert.equal(ask(60).kind, 'serve')
})

test('an office of five hundred behind one address is served, each of them', () => {
  const ledger = newLedger()
  for (let client = 0; client < 500; client++) {
    for (const minute of [0, 1]) {
      const asked = {
        identity: identityOf('192.0.2.7', agent(client)),
        path: 'daily.cvd',
        now: at(minute),
      }
      assert.equal(judgeWhole(ledger, asked, POLICY).kind, 'serve')
    }
  }
})

test('a cloned image of a cloud, one UUID at a thousand addresses, is served, each of them', () => {
  const ledger = newLedger()
  for (let machine = 0; machine < 1000; machine++) {
    const address = `10.${machine >> 8}.${machine & 255}.1`
    const asked = { identity: identityOf(address, agent(1)), path: 'daily.cvd', now: at(0) }
    assert.equal(judgeWhole(ledger, asked, POLICY).kind, 'serve')
  }
})

test('clients without a UUID are never counted', () => {
  const ledger = newLedger()
  for (let round = 0; round < 100; round++) {
    const asked = { identity: identityOf('192.0.2.7', 'clamav/0.70'), path: 'main.cvd', now: at(0) }
    assert.equal(judgeWhole(ledger, asked, POLICY).kind, 'serve')
  }
  assert.equal(ledger.size, 0)
})

test('invented UUIDs do not fill the memory', () => {
  const ledger = newLedger()
  for (let n = 0; n < 120_000; n++) {
    judgeWhole(ledger, { identity: `x ${n}`, path: 'daily.cvd', now: at(0) }, POLICY)
  }
  assert.equal(ledger.size, 100_000)
  assert.ok(ledger.has('x 119999 daily.cvd') && !ledger.has('x 0 daily.cvd'))
})

test('nobody waits longer than the cap, nor less than a second, whatever was asked when', () => {
  const steps = fc.array(fc.nat({ max: 20 * MINUTE }), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (waits) => {
      const ledger = newLedger()
      let now = 1_795_000_000_000
      for (const wait of waits) {
        now += wait
        const verdict = judgeWhole(ledger, { identity: 'a', path: 'x', now: epochMs(now) }, POLICY)
        if (verdict.kind === 'serve') continue
        assert.ok(verdict.retryAfter >= 1 && verdict.retryAfter <= POLICY.retryAfterMax)
      }
    }),
  )
})

test('prefixes are /24 and /48, however the address is spelt', () => {
  assert.equal(addressPrefix('192.0.2.7'), '192.0.2')
  assert.equal(addressPrefix('::ffff:192.0.2.7'), '192.0.2')
  assert.equal(addressPrefix('2001:db8:1:2::9'), '2001:db8:1')
  assert.equal(addressPrefix('2001:0db8::9'), '2001:db8:0')
  assert.equal(addressPrefix('::1'), '0:0:0')
})
