import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochMs } from '#base/time.ts'
import { aMaster, aMirror, aSigmaker } from '../../../test/support/records.ts'
import {
  MIRROR_STAGES,
  type MirrorRecord,
  masterCodec,
  mirrorCodec,
  REGIONS,
  serviceOf,
  sigmakerCodec,
  snapshotCodec,
} from './index.ts'

const time = fc.integer({ min: 0, max: 4_000_000_000_000 }).map(epochMs)
const minute = fc.integer({ min: 0, max: 1439 })
const records: fc.Arbitrary<MirrorRecord> = fc
  .record({
    stage: fc.constantFrom(...MIRROR_STAGES),
    stageSince: time,
    stageReason: fc.string({ unit: 'binary' }),
    region: fc.constantFrom(...REGIONS),
    hostKey: fc.constantFrom(undefined, aMirror('m').hostKey),
    admin: fc.constantFrom(undefined, 'admin@mirror.example'),
    rsyncLogin: fc.constantFrom(undefined, { user: 'm', password: 'pass word:1' }),
    downtimes: fc.array(fc.record({ from: time, until: time, reason: fc.string() })),
    push: fc.record({
      bandwidthKbit: fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: undefined }),
      window: fc.option(fc.record({ from: minute, until: minute }), { nil: undefined }),
    }),
  })
  // fast-check's objects have no prototype, JSON's have.
  .map((more) => aMirror('m', structuredClone(more)))

test('law: what is printed is read again', () => {
  fc.assert(
    fc.property(records, (record) => {
      assert.deepEqual(mirrorCodec.parse(mirrorCodec.print(record)), { ok: true, value: record })
    }),
  )
})

test('sigmakers, masters and snapshots are read again', () => {
  const sigmaker = aSigmaker('acme', { databases: ['acme', 'acme_extra'], mail: 'a@acme.example' })
  const master = aMaster('rsync1', { isOut: true })
  assert.deepEqual(sigmakerCodec.parse(sigmakerCodec.print(sigmaker)), {
    ok: true,
    value: sigmaker,
  })
  assert.deepEqual(masterCodec.parse(masterCodec.print(master)), { ok: true, value: master })
  const snapshot = { sigmakers: [sigmaker], mirrors: [aMirror('m')] }
  assert.deepEqual(snapshotCodec.parse(snapshotCodec.print(snapshot)), {
    ok: true,
    value: snapshot,
  })
})

// Each of them would do harm further in: as a path, an option, a line of rsyncd.secrets, an address that is dialled.
const HOSTILE: readonly (readonly [
  string,
  Partial<Record<keyof MirrorRecord, unknown>>,
  string,
])[] = [
  ['a name that is a path', { name: '../m' }, 'name'],
  ['a name that is an option', { name: '-m' }, 'name'],
  ['a host with a user', { host: 'root@host' }, 'host'],
  ['an address that is a name', { addresses: ['host.example'] }, 'addresses[0]'],
  [
    'a password with a line break',
    { rsyncLogin: { user: 'm', password: 'a\nroot:b' } },
    'rsyncLogin.password',
  ],
  ['a login that is a group', { rsyncLogin: { user: '@all', password: 'a' } }, 'rsyncLogin.user'],
  ['a key with options', { hostKey: 'command="x" ssh-ed25519 AAAA' }, 'hostKey'],
  ['a port of nobody', { sshPort: 0 }, 'sshPort'],
  ['a mail address with a header', { admin: 'a@b\nBcc: c@d' }, 'admin'],
  ['a stage that does not exist', { stage: 'gone' }, 'stage'],
  ['no bandwidth', { bandwidthMbit: 0 }, 'bandwidthMbit'],
]

for (const [situation, change, path] of HOSTILE) {
  test(`refused: ${situation}`, () => {
    const read = mirrorCodec.parse(JSON.stringify({ ...aMirror('m'), ...change }))
    assert.equal(read.ok ? 'read' : read.fault.path, path)
  })
}

test('a mirror that the monitor removed is still pushed to; one that the team suspended is not', () => {
  assert.deepEqual(serviceOf({ stage: 'removed' }), { login: true, push: true, shown: false })
  for (const stage of ['suspended', 'retired', 'refused', 'applied'] as const) {
    assert.deepEqual(serviceOf({ stage }), { login: false, push: false, shown: false })
  }
})
