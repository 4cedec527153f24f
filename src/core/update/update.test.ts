import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import { parseFreshclamConf } from '#formats/freshclam-conf/index.ts'
import { aName, aVersion } from '../../../test/support/values.ts'
import {
  clientPlan,
  describeEnd,
  isOlderEngine,
  nextStep,
  notFollowed,
  readUpdateRecord,
  ServerWalk,
  statusOf,
  versionIn,
  versionOfRecord,
} from './index.ts'

const MIRROR = 'DatabaseMirror http://db.example.net\n'

function planOf(text: string) {
  const conf = parseFreshclamConf(text)
  assert.ok(conf.ok)
  return clientPlan(conf.value)
}

function good(text: string) {
  const plan = planOf(MIRROR + text)
  assert.ok(plan.ok)
  return plan.value
}

test('what a client keeps is what freshclam would, and any extra database beside it', () => {
  assert.deepEqual(good('').databases, ['daily', 'main', 'bytecode'])
  assert.deepEqual(good('ExcludeDatabase main\nBytecode no\n').databases, ['daily'])
  const text = 'ExtraDatabase acme\nExtraDatabase ../etc\nExtraDatabase daily\n'
  assert.deepEqual(good(text).databases, ['daily', 'main', 'bytecode', 'acme'])
})

test('defaults are freshclam’s', () => {
  const { attemptsMax, connectMsMax, silentMsMax, checksADay, testDatabases, servers } = good('')
  assert.deepEqual(
    [attemptsMax, connectMsMax, silentMsMax, checksADay, testDatabases],
    [3, 30_000, 60_000, 12, true],
  )
  assert.deepEqual(servers, {
    kind: 'public',
    urls: ['http://db.example.net'],
    recordName: 'current.cvd.clamav.net',
    patches: true,
  })
})

test('a proxy and an address from which nobody can connect are faults, and not a run that ends in the middle', () => {
  const plan = planOf(
    `${MIRROR}HTTPProxyServer me:secret@proxy.example.net:3128\nHTTPProxyPort 70000\nLocalIPAddress eth0\n`,
  )
  assert.ok(!plan.ok)
  assert.deepEqual(plan.fault, [
    'HTTPProxyServer is no name of a host; its port goes into HTTPProxyPort',
    'HTTPProxyPort is 70000, which is no port',
    'LocalIPAddress "eth0" is no address',
  ])
  const { proxy } = good('HTTPProxyServer http://proxy.example.net/\n')
  assert.deepEqual([proxy?.server, proxy?.port], ['proxy.example.net', 8080])
})

test('faults are told without logins', () => {
  const plan = planOf(
    'PrivateMirror ftp://me:secret@mirror.example.net\nDatabaseCustomURL gopher://me:secret@x/a.ndb\n',
  )
  assert.ok(!plan.ok)
  assert.deepEqual(plan.fault, [
    '"ftp://mirror.example.net" is no address of a web server',
    'DatabaseCustomURL "gopher://x/a.ndb" is neither http, https nor file',
  ])
})

test('every fault is told at once', () => {
  const plan = planOf(
    [
      'PrivateMirror ftp://mirror.example.net',
      'DatabaseCustomURL gopher://example.net/a.ndb',
      'DatabaseCustomURL http://example.net/',
      'DatabaseCustomURL nonsense',
      'Checks 51',
    ].join('\n'),
  )
  assert.ok(!plan.ok)
  assert.deepEqual(plan.fault, [
    '"ftp://mirror.example.net" is no address of a web server',
    'DatabaseCustomURL "gopher://example.net/a.ndb" is neither http, https nor file',
    'DatabaseCustomURL "http://example.net/" names no file',
    'DatabaseCustomURL "nonsense" is no address',
    'Checks is 51, above 50',
  ])
  const none = planOf('Checks 12\n')
  assert.deepEqual(none.ok ? [] : none.fault, ['neither DatabaseMirror nor PrivateMirror is given'])
})

test('a proxy is taken as freshclam takes it, and what is not followed is known', () => {
  const text =
    'HTTPProxyServer http://proxy.example.net\nHTTPProxyUsername a\nHTTPProxyPassword b\n'
  assert.deepEqual(good(text).proxy, {
    server: 'proxy.example.net',
    port: 8080,
    user: 'a',
    password: 'b',
  })
  const conf = parseFreshclamConf(`${MIRROR}LogSyslog yes\n`)
  assert.deepEqual(conf.ok && notFollowed(conf.value), ['LogSyslog'])
})

test('what is done about a database', () => {
  const step = (local: number | undefined, newest: number, patches = true) =>
    nextStep({
      local: local === undefined ? undefined : aVersion(local),
      newest: aVersion(newest),
      patches,
    })
  assert.deepEqual(step(undefined, 7), { kind: 'whole' })
  assert.deepEqual(step(7, 7), { kind: 'nothing' })
  assert.deepEqual(step(8, 7), { kind: 'ahead' })
  assert.deepEqual(step(7, 9), { kind: 'patches', versions: [8, 9] })
  assert.deepEqual(step(7, 9, false), { kind: 'whole' })
  assert.deepEqual(step(7, 108), { kind: 'whole' })
  assert.equal(step(7, 107).kind, 'patches')
})

test('law: patches lead from what is here to the newest, one for each version', () => {
  const version = fc.integer({ min: 1, max: 100_000 })
  fc.assert(
    fc.property(version, version, (local, newest) => {
      const step = nextStep({ local: aVersion(local), newest: aVersion(newest), patches: true })
      if (step.kind !== 'patches') return
      assert.equal(step.versions.length, newest - local)
      assert.deepEqual([step.versions[0], step.versions.at(-1)], [local + 1, newest])
    }),
  )
})

test('a record is believed for twelve hours, and tells what it tells', () => {
  const made = 1_795_488_000
  const text = `1.4.6:63:27100:${made}:1:90:49192:0`
  const record = readUpdateRecord(text, epochSeconds(made + 43_200))
  assert.ok(record.ok)
  assert.equal(versionIn(record.value, aName('daily')), 27_100)
  assert.equal(versionIn(record.value, aName('bytecode')), undefined)
  assert.equal(versionIn(record.value, aName('acme')), undefined)
  const old = readUpdateRecord(text, epochSeconds(made + 43_201))
  assert.deepEqual(old, { ok: false, fault: 'it is older than twelve hours' })
  assert.deepEqual(versionOfRecord(`7:${made}`, epochSeconds(made)), { ok: true, value: 7 })
  assert.equal(versionOfRecord(`7:${made}`, epochSeconds(made + 43_201)).ok, false)
  assert.equal(versionOfRecord('nonsense', epochSeconds(made)).ok, false)
})

test('servers are asked in their order; who fails comes last, who asks for it is left alone', () => {
  const walk = new ServerWalk(['a', 'b', 'a', 'c'])
  assert.deepEqual(walk.order, ['a', 'b', 'c'])
  walk.putLast('a')
  walk.putLast('a')
  assert.deepEqual(walk.order, ['b', 'c', 'a'])
  walk.leaveAlone('c', 60)
  assert.deepEqual([walk.order, walk.allLeftAloneSeconds], [['b', 'a'], undefined])
  walk.leaveAlone('a', 30)
  walk.leaveAlone('b', 40)
  assert.equal(walk.allLeftAloneSeconds, 60)
})

test('an engine is older by its numbers, and one that is not released is not judged', () => {
  const older = [
    ['1.4.5', '1.4.6'],
    ['0.103.12', '1.0'],
    ['1.4', '1.4.1'],
    ['1.9.0', '1.10.0'],
  ] as const
  for (const [own, newest] of older) {
    assert.ok(isOlderEngine(own, newest), own)
    assert.ok(!isOlderEngine(newest, own), own)
  }
  assert.ok(!isOlderEngine('1.4.6', '1.4.6') && !isOlderEngine('1.5.0-rc', '1.6'))
})

test('the worst end of any database is the run’s, and each has its words', () => {
  const version = aVersion(7)
  const name = aName('daily')
  const report = (...ends: readonly Parameters<typeof describeEnd>[1][]) => ({
    databases: new Map(ends.map((end, at) => [aName(`db${at}`), end])),
    custom: new Map(),
    newestClamav: undefined,
  })
  const fine = { kind: 'up-to-date', version } as const
  const refused = { kind: 'refused', reasons: ['a', 'b'] } as const
  const unreached = { kind: 'unreached', reasons: ['c'] } as const
  assert.equal(statusOf(report(fine, { kind: 'left-alone', seconds: 9 })), 0)
  assert.equal(statusOf(report(fine, unreached)), 3)
  assert.equal(statusOf(report(unreached, refused, fine)), 1)
  assert.equal(describeEnd(name, refused), 'daily was not updated: a; b')
  const update = { from: version, to: aVersion(8), newest: aVersion(9), signatures: 3, bytes: 5 }
  assert.equal(
    describeEnd(name, { kind: 'updated', way: 'patches', server: 'http://a', ...update }),
    'daily 7 → version 8, by patches, 3 signatures, 5 bytes from http://a; 9 is announced and on no server yet',
  )
})
