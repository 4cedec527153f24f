import assert from 'node:assert/strict'
import {
  mkdtempDisposable,
  readdir,
  readFile,
  readlink,
  rename,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '#adapters/system/index.ts'
import { parseIpPrefix } from '#base/ip-address.ts'
import { epochSeconds, toSeconds } from '#base/time.ts'
import { printSnapshot, type ZoneSnapshot } from '#core/zone/index.ts'
import { RCODE } from '#formats/dns-message/index.ts'
import { down } from '../../../test/support/candidates.ts'
import { ask, decoded, query, sendTcp, sendUdp } from '../../../test/support/dns-client.ts'
import { dnsOptions } from '../../../test/support/dns-options.ts'
import { aSerial } from '../../../test/support/values.ts'
import { aSnapshot } from '../../../test/support/zone.ts'
import { loadSystemCalls } from '../../adapters/dns/system-calls.ts'
import { type DnsNode, type DnsOptions, SnapshotFile, startDns, ZoneFeed } from './index.ts'

function fresh(more: Partial<ZoneSnapshot> = {}): ZoneSnapshot {
  return aSnapshot({ heardAt: toSeconds(systemClock.now()), ...more })
}

function announcing(serial: number): ZoneSnapshot {
  const { announced, ...rest } = fresh()
  assert.ok(announced)
  const mirrors = rest.mirrors.map((mirror) => ({ ...mirror, serial: aSerial(serial) }))
  return { ...rest, mirrors, announced: { ...announced, serial: aSerial(serial) } }
}

async function world() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-dns-'))
  const events: string[] = []
  const feed = new ZoneFeed()
  const prefix = parseIpPrefix('127.0.0.0/8')
  assert.ok(prefix)
  const options = dnsOptions({
    source: feed,
    lastSnapshot: join(folder.path, 'dns', 'snapshot.json'),
    overrides: [{ prefix, country: 'DE' }],
    onEvent: (line) => events.push(line),
  })
  return {
    feed,
    events,
    options,
    path: folder.path,
    start: (more: Partial<DnsOptions> = {}) => startDns({ ...options, ...more }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

function serverOf(node: DnsNode) {
  const [first] = node.listeners
  assert.ok(first)
  return first
}

async function addressesOf(node: DnsNode, name: string): Promise<number> {
  return (await ask(serverOf(node), name, 'A')).answer.length
}

async function until(isTrue: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await isTrue()) return
    await wait(20)
  }
  assert.fail('it did not happen')
}

test('a killed name server starts again into the same answers, without its source', async () => {
  await using at = await world()
  at.feed.offer(announcing(7))
  const first = await at.start()
  const before = await ask(serverOf(first), 'current.cvd.clamav.example', 'TXT')
  await first[Symbol.asyncDispose]()
  await using again = await at.start({ source: new ZoneFeed() })
  const after = await ask(serverOf(again), 'current.cvd.clamav.example', 'TXT')
  assert.deepEqual(after.answer[0]?.data, before.answer[0]?.data)
  assert.match(at.events.join('\n'), /answering from the snapshot of 20/)
})

test('promise 2: what was announced is on disk before it is told, and never goes down', async () => {
  await using at = await world()
  at.feed.offer(announcing(7))
  const first = await at.start()
  at.feed.offer(announcing(9))
  await until(() => first.snapshot().announced?.serial === 9)
  assert.match(await readFile(at.options.lastSnapshot, 'utf8'), /"serial": 9/)
  await first[Symbol.asyncDispose]()
  const older = new ZoneFeed()
  older.offer(announcing(8))
  await using again = await at.start({ source: older })
  assert.equal(again.snapshot().announced?.serial, 9)
  assert.match(at.events.join('\n'), /ALARM: release 8 was to be announced after 9/)
})

test('R27: a mirror that dies leaves the answers; all of them never do', async () => {
  await using at = await world()
  at.feed.offer(fresh())
  await using node = await at.start()
  assert.equal(await addressesOf(node, 'db.test.clamav.example'), 8)
  const some = fresh().mirrors.slice(0, 3)
  const dead = fresh()
    .mirrors.slice(3)
    .map(({ name, country }) => down(name, country))
  at.feed.offer(fresh({ mirrors: [...some, ...dead], serial: 43 }))
  await until(async () => (await addressesOf(node, 'db.test.clamav.example')) === 3)
  const all = fresh().mirrors.map(({ name, country }) => down(name, country))
  at.feed.offer(fresh({ mirrors: all, serial: 44 }))
  await until(() => node.snapshot().serial === 44)
  await wait(100)
  assert.equal(await addressesOf(node, 'db.test.clamav.example'), 3)
  const { alarms } = await node.status()
  assert.match(alarms.join('\n'), /no mirror is healthy over IPv4; those that were good last stay/)
  assert.match(at.events.join('\n'), /ALARM: no mirror is healthy/)
})

test('without a snapshot it waits for the first one, and can be stopped while it waits', async () => {
  await using at = await world()
  const starting = at.start()
  setTimeout(() => at.feed.offer(fresh()), 50)
  await using node = await starting
  assert.equal(node.snapshot().serial, 42)
  assert.match(at.events.join('\n'), /waiting for the first snapshot/)
  const stop = new AbortController()
  const never = at.start({
    source: new ZoneFeed(),
    lastSnapshot: join(at.path, 'none'),
    signal: stop.signal,
  })
  setTimeout(() => stop.abort(new Error('Stopping')), 50)
  await assert.rejects(never, /Cannot start a name server without a zone/)
})

test('what a killed write left beside the last snapshot is cleared away, and no live one', async () => {
  await using at = await world()
  at.feed.offer(fresh())
  await using _ = await at.start()
  const folder = join(at.path, 'dns')
  const [dead, live] = ['0', '1'].map((digit) => `.cvdnet-${digit.repeat(16)}.tmp`)
  for (const name of [dead, live]) await writeFile(join(folder, `${name}`), 'half')
  await utimes(join(folder, `${dead}`), 0, 0)
  await using _again = await at.start()
  assert.deepEqual((await readdir(folder)).toSorted(), [live, 'snapshot.json'])
})

test('a last snapshot that is broken is told, and not used', async () => {
  await using at = await world()
  const file = join(at.path, 'broken.json')
  await writeFile(file, '{"zone": 7}')
  at.feed.offer(fresh())
  await using node = await at.start({ lastSnapshot: file })
  assert.equal(node.snapshot().serial, 42)
  assert.match(
    at.events.join('\n'),
    /cannot use the last snapshot ".*broken\.json": the document has no/,
  )
})

test('a disk that takes nothing is told, and answers go on', async () => {
  await using at = await world()
  at.feed.offer(fresh())
  await using node = await at.start({ lastSnapshot: '/proc/nothing/snapshot.json' })
  assert.equal((await ask(serverOf(node), 'clamav.example', 'SOA')).rcode, RCODE.NOERROR)
  assert.match(at.events.join('\n'), /cannot keep the snapshot/)
})

test('UDP and TCP, on several addresses, one port', async () => {
  await using at = await world()
  at.feed.offer(fresh())
  await using node = await at.start({ hosts: ['127.0.0.1', '127.0.0.2'] })
  assert.equal(new Set(node.listeners.map(({ port }) => port)).size, 1)
  for (const server of node.listeners) {
    assert.equal((await ask(server, 'clamav.example', 'SOA')).rcode, RCODE.NOERROR)
    const [tcp] = await sendTcp(server, [query('clamav.example', 'SOA')])
    assert.equal(decoded(tcp).rcode, RCODE.NOERROR)
  }
  const { counters, heardSecondsAgo, serial } = await node.status()
  assert.deepEqual([counters.queries, counters.noError, serial], [4, 4, 42])
  assert.ok(heardSecondsAgo < 5)
})

test('explain says what a client gets, by which data, and why not the others', async () => {
  await using at = await world()
  at.feed.offer(fresh())
  await using node = await at.start()
  const explained = node.explain('127.0.0.9')
  assert.deepEqual(explained?.client, {
    address: '127.0.0.9',
    country: 'DE',
    region: 'europe',
    by: 'override',
  })
  assert.equal(explained?.name, 'database.clamav.example')
  const [a] = explained?.answers ?? []
  assert.match(a?.records[0] ?? '', /CNAME db\.europe/)
  assert.equal((a?.choice?.mirrors.length ?? 0) + (a?.choice?.leftOut.length ?? 0), 10)
  assert.equal(node.explain('::ffff:127.0.0.9')?.client.country, 'DE', 'as the sockets see it')
  assert.equal(node.explain('192.0.2.1')?.client.by, 'nothing')
  assert.equal(node.explain('here'), undefined)
  assert.equal(node.explain('127.0.0.1', 'a..b'), undefined)
})

test('a delivered snapshot is followed; a broken one is told once, and touching says it holds', async () => {
  await using at = await world()
  const file = join(at.path, 'zone.json')
  const deliver = async (text: string) => {
    await writeFile(`${file}.new`, text)
    await rename(`${file}.new`, file)
  }
  await deliver(printSnapshot(fresh()))
  const faults: string[] = []
  const source = await SnapshotFile.open(file, 'clamav.example', (line) => faults.push(line))
  await using node = await at.start({ source })
  await deliver(printSnapshot(fresh({ serial: 50, mirrors: [] })))
  await until(() => node.snapshot().serial === 50)
  await deliver('nonsense')
  await until(() => faults.length === 1)
  await deliver(printSnapshot(fresh({ serial: 51 })))
  await until(() => node.snapshot().serial === 51)
  const touched = toSeconds(systemClock.now()) - 30
  await utimes(file, touched, touched)
  await until(() => node.snapshot().heardAt === touched)
  assert.equal(faults.length, 1)
  await deliver(printSnapshot(fresh({ serial: 52, zone: 'clamav.invalid' })))
  await until(() => faults.length === 2)
  assert.match(faults[1] ?? '', /it is of the zone "clamav\.invalid", not of "clamav\.example"$/)
  assert.equal(node.snapshot().serial, 51)
})

test('a snapshot of another zone is not answered from, nor one of tomorrow believed until then', async () => {
  await using at = await world()
  const tomorrow = epochSeconds(toSeconds(systemClock.now()) + 86_400)
  at.feed.offer(fresh({ heardAt: tomorrow }))
  {
    await using node = await at.start()
    assert.ok(node.snapshot().heardAt < tomorrow - 80_000)
  }
  const moved = at.start({
    zone: 'clamav.invalid',
    source: new ZoneFeed(),
    signal: AbortSignal.timeout(300),
  })
  await assert.rejects(moved)
  assert.match(
    at.events.join('\n'),
    /cannot use the last snapshot .* of the zone "clamav\.example"/,
  )
})

/** Closes the socket under a server's feet, as no program would. */
async function breakSocket(port: number): Promise<void> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const line = (await readFile('/proc/self/net/udp', 'utf8'))
    .split('\n')
    .find((one) => one.includes(`0100007F:${hex} `))
  const inode = line?.trim().split(/\s+/)[9]
  for (const name of await readdir('/proc/self/fd')) {
    const target = await readlink(`/proc/self/fd/${name}`).catch(() => '')
    if (target === `socket:[${inode}]`) loadSystemCalls()?.close(Number(name))
  }
}

test('a server whose socket breaks is started again on its port, and that is told', {
  skip: loadSystemCalls() === undefined && 'koffi does not load here',
}, async () => {
  await using at = await world()
  at.feed.offer(fresh())
  await using node = await at.start()
  const server = serverOf(node)
  await breakSocket(server.port)
  await until(() => /broke \(EBADF\) and is started again/.test(at.events.join('\n')))
  await until(async () => {
    const answer = await sendUdp(server, query('clamav.example', 'SOA'), 200)
    return answer !== undefined
  })
})
