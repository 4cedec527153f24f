import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochMs } from '#base/time.ts'
import type { MirrorHealth } from '#core/health/index.ts'
import { MIRROR_STAGES, type MirrorRecord } from '#core/mirrors/index.ts'
import type { Release } from '#core/release/index.ts'
import {
  after,
  aMirror,
  goodSight,
  healthOf,
  issued,
  NO_ANSWER,
} from '../../../test/support/mirrors.ts'
import { aName, aSerial, aVersion } from '../../../test/support/values.ts'
import { addresses, NOW as SECONDS } from '../../../test/support/zone.ts'
import {
  isSameZone,
  type KnownNetwork,
  parseSnapshot,
  printSnapshot,
  ZoneView,
  zoneOfNetwork,
} from './index.ts'

const NOW = after(0)
const serving = (serial: number) => goodSight({ ...issued(NOW, serial), serial: aSerial(serial) })
const release = (serial: number): Release => {
  const base = { bytes: 1, sha256: 'ab', datedAt: SECONDS, builtAt: SECONDS, version: aVersion(9) }
  return {
    serial: aSerial(serial),
    publishedAt: SECONDS,
    files: new Map([
      ['daily.cvd', { ...base, kind: 'database', name: aName('daily'), path: 'daily.cvd' }],
      ['Acme.set', { ...base, kind: 'set', name: aName('Acme'), path: 'Acme.set' }],
    ]),
  }
}
const FACTS = {
  zone: 'clamav.example',
  nameServers: [{ name: 'ns1', addresses: addresses('192.0.2.53') }],
  masters: [],
  engine: { newestClamav: '1.4.6', versionWarning: 0, level: 90, safebrowsing: undefined },
}

function network(
  mirrors: readonly (readonly [MirrorRecord, MirrorHealth | undefined])[],
  more: Partial<KnownNetwork> = {},
): KnownNetwork {
  return {
    mirrors: mirrors.map(([record]) => record),
    healths: new Map(mirrors.flatMap(([{ name }, health]) => (health ? [[name, health]] : []))),
    masters: [],
    announced: { at: NOW, release: release(7) },
    ...more,
  }
}

/** Which mirrors clients are sent to over IPv4, and by which tier. */
function answered(known: KnownNetwork) {
  const { snapshot } = zoneOfNetwork(known, FACTS, NOW)
  const { tier, members } = new ZoneView(snapshot).pool(4)
  return [tier, ...members.map(({ mirror }) => mirror.name)]
}

test('a release that is announced has its databases’ versions; sets are no databases', () => {
  const { snapshot } = zoneOfNetwork(network([]), FACTS, NOW)
  assert.equal(snapshot.announced?.serial, 7)
  assert.deepEqual([...(snapshot.announced?.versions ?? [])], [['daily', 9]])
  assert.equal(snapshot.authority.primary, 'ns1')
  const none = zoneOfNetwork(network([], { announced: undefined }), FACTS, NOW)
  assert.equal(none.snapshot.announced, undefined)
})

test('decision 5: who serves the announced release is answered; none, then one behind', () => {
  const at7 = [aMirror('m1'), healthOf(serving(7), NOW)] as const
  const at6 = [aMirror('m2'), healthOf(serving(6), NOW)] as const
  const at8 = [aMirror('m3'), healthOf(serving(8), NOW)] as const
  const dead = [aMirror('m4'), healthOf(NO_ANSWER, NOW)] as const
  const unseen = [aMirror('m5'), undefined] as const
  assert.deepEqual(answered(network([at7, at6, at8, dead, unseen])), ['announced', 'm1', 'm3'])
  assert.deepEqual(answered(network([at6, dead])), ['one-behind', 'm2'])
  assert.deepEqual(answered(network([dead, unseen])), ['listed', 'm4', 'm5'])
})

test('each address by itself: the one that serves less than the mirror’s other is left out', () => {
  const record = aMirror('m1', { addresses: ['192.0.2.1', '192.0.2.2'] })
  const of = (serial: number) => {
    const [fresh] = healthOf(serving(7), NOW).addresses
    const [other] = healthOf(serving(serial), NOW, { address: '192.0.2.2' }).addresses
    assert.ok(fresh && other)
    const health = { ...healthOf(NO_ANSWER, NOW), addresses: [fresh, other] }
    const [mirror] = zoneOfNetwork(network([[record, health]]), FACTS, NOW).snapshot.mirrors
    return mirror?.addresses.map(({ condition }) => condition)
  }
  assert.deepEqual(of(7), [{ kind: 'healthy' }, { kind: 'healthy' }])
  assert.deepEqual(of(6), [
    { kind: 'healthy' },
    { kind: 'down', reason: 'it serves release 6, another address 7' },
  ])
})

test('a failed look makes an address wobble; a dead one has its reason', () => {
  const wobbling = healthOf(NO_ANSWER, NOW, { isUp: true, badInARow: 1 })
  const { snapshot } = zoneOfNetwork(
    network([
      [aMirror('m1'), wobbling],
      [aMirror('m2'), healthOf(NO_ANSWER, NOW)],
    ]),
    FACTS,
    NOW,
  )
  assert.deepEqual(
    snapshot.mirrors.map((mirror) => mirror.addresses[0]?.condition),
    [{ kind: 'wobbling' }, { kind: 'down', reason: NO_ANSWER.kind === 'bad' && NO_ANSWER.reason }],
  )
})

test('R112: old mirrors stay listed; a planned downtime leaves, strangers have no name at all', () => {
  const downtimes = [{ from: NOW, until: after(60_000), reason: 'a new disk' }]
  const mirrors = [
    ...MIRROR_STAGES.map((stage) => aMirror(stage, { stage, stageReason: 'x'.repeat(999) })),
    aMirror('planned', { downtimes }),
  ]
  const known = network(mirrors.map((record) => [record, healthOf(serving(7), NOW)]))
  const { snapshot } = zoneOfNetwork(known, FACTS, NOW)
  const listed = snapshot.mirrors.filter(({ listing }) => listing.kind === 'listed')
  assert.deepEqual(
    listed.map(({ name }) => name),
    ['listed', 'old'],
  )
  const absent = mirrors.filter(({ name }) => !snapshot.mirrors.some((one) => one.name === name))
  assert.deepEqual(
    absent.map(({ name }) => name),
    ['applied', 'checked', 'retired', 'refused'],
  )
  assert.deepEqual(snapshot.mirrors.at(-1)?.listing, {
    kind: 'unlisted',
    state: 'paused',
    reason: 'until 2026-03-02T00:01:00Z: a new disk',
  })
  const back = parseSnapshot(printSnapshot(snapshot))
  assert.ok(back.ok, JSON.stringify(back))
})

test('masters: by their address, or by the settings’; one that is out is left out while another is in', () => {
  const master = (name: string, host: string, isOut = false) => ({
    name,
    host,
    isOut,
    sshPort: 22,
    rsyncPort: 873,
    module: 'clamavdb',
    hostKey: '',
    triggerKey: '',
    rsyncLogin: { user: 'a', password: 'b' },
  })
  const facts = { ...FACTS, masters: [{ name: 'rsync2', addresses: addresses('192.0.2.102') }] }
  const named = (...masters: readonly ReturnType<typeof master>[]) => {
    const { snapshot, left } = zoneOfNetwork(network([], { masters }), facts, NOW)
    return [snapshot.masters.map(({ name }) => name), left.map(({ name, why }) => `${name} ${why}`)]
  }
  const first = master('rsync1', '192.0.2.101')
  const second = master('rsync2', 'rsync2.clamav.example')
  assert.deepEqual(named(first, second), [['rsync2', 'rsync1'], []])
  assert.deepEqual(named(first, { ...second, isOut: true }), [['rsync1'], []])
  assert.deepEqual(named({ ...second, isOut: true }), [['rsync2'], []])
  const third = master('rsync3', 'rsync3.clamav.example')
  assert.deepEqual(named(first, third), [['rsync2', 'rsync1'], ['rsync3 no-address']])
})

test('a name that is the zone’s own or another machine’s is left out, with its reason', () => {
  const mirrors = ['database', 'ns1', 'Fra', 'fra.one', 'fra'].map((name) => aMirror(name))
  const known = network(mirrors.map((record) => [record, undefined]))
  const { snapshot, left } = zoneOfNetwork(known, FACTS, NOW)
  assert.deepEqual(
    snapshot.mirrors.map(({ name }) => name),
    ['fra'],
  )
  assert.deepEqual(
    left.map(({ name, why }) => `${name} ${why}`),
    ['database taken', 'ns1 taken', 'Fra no-label', 'fra.one no-label'],
  )
})

test('the same network later is the same zone', () => {
  const known = network([[aMirror('m1'), healthOf(serving(7), NOW)]])
  const later = epochMs(NOW + 60_000)
  const of = (network: KnownNetwork, at = NOW) => zoneOfNetwork(network, FACTS, at).snapshot
  assert.ok(isSameZone(of(known), of(known, later)))
  assert.ok(!isSameZone(of(known), of({ ...known, announced: undefined })))
})
