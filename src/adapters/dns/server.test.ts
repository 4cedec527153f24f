import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '#adapters/system/index.ts'
import { parseIpPrefix } from '#base/ip-address.ts'
import { toSeconds } from '#base/time.ts'
import { overrideTable } from '#core/places/index.ts'
import { RCODE } from '#formats/dns-message/index.ts'
import { type DnsServer, DnsServerError } from '#ports/dns-server.ts'
import { NameServerLookError } from '#ports/name-server-look.ts'
import { ask, decoded, query, sendUdp } from '../../../test/support/dns-client.ts'
import { assertSigned } from '../../../test/support/validator.ts'
import { aSetup, aSnapshot, NOW } from '../../../test/support/zone.ts'
import { aZoneKey } from '../../../test/support/zone-keys.ts'
import {
  DnsLook,
  type ListenOptions,
  type ResponderSetup,
  startBatchedServer,
  startDgramServer,
} from './index.ts'
import { loadSystemCalls } from './system-calls.ts'

const LOCAL = { host: '127.0.0.1', port: 0 }
const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !isTrue(); tries += 1) await wait(5)
}

/** What every server of the port does. */
function contract(
  kind: DnsServer['kind'],
  start: (listen: ListenOptions, setup: ResponderSetup) => Promise<DnsServer>,
  skip: string | false,
) {
  const suite = (title: string, run: () => Promise<void>, more: string | false = false) =>
    test(`${kind}: ${title}`, { skip: skip || more }, run)

  suite('questions are answered, with letters as they came', async () => {
    await using server = await start(LOCAL, aSetup())
    const message = query('rsync1.clamav.example', 'A')
    message.write('RSync1.CLAMAV', 13, 'latin1')
    message[19] = 6
    const bytes = await sendUdp(server, message)
    assert.ok(bytes)
    assert.equal(bytes.toString('latin1', 13, 19), 'RSync1')
    const answer = decoded(bytes)
    assert.equal(answer.rcode, RCODE.NOERROR)
    assert.equal(answer.authoritative, true)
    assert.equal(answer.recursionAvailable, false)
    assert.deepEqual(
      [...(answer.answer[0]?.data.kind === 'address' ? answer.answer[0].data.bytes : [])],
      [192, 0, 2, 101],
    )
  })

  suite('who wants signatures gets them, with the keys of now', async () => {
    const active = (number: number) => aZoneKey(number, { published: NOW, activated: NOW })
    const dnssec = { keys: [active(1)], signaturesPerSecond: 2000 }
    await using server = await start(LOCAL, aSetup({ dnssec }))
    const tagOfSoa = async () => {
      const now = toSeconds(systemClock.now())
      const { answer } = await ask(server, 'clamav.example', 'SOA', { dnssecOk: true })
      const keys = [active(1), active(2)].map(({ publicKey }) => publicKey)
      return assertSigned(answer, keys, now)[0]?.tag
    }
    assert.equal(await tagOfSoa(), active(1).tag)
    assert.equal((await ask(server, 'clamav.example', 'SOA')).answer.length, 1)
    server.signWith([active(2)])
    let tries = 0
    for (; tries < 100 && (await tagOfSoa()) !== active(2).tag; tries += 1) await wait(10)
    assert.ok(tries < 100)
    const { signed, signatures, signaturesUntil } = await server.counters()
    assert.deepEqual([signed, signatures], [tries + 2, 2])
    assert.ok(signaturesUntil > toSeconds(systemClock.now()) + 6 * 86_400)
  })

  suite('a thousand questions at once get a thousand answers, each its own', async () => {
    await using server = await start(LOCAL, aSetup())
    const socket = createSocket('udp4')
    const ids = new Set<number>()
    socket.on('message', (bytes: Buffer) => {
      assert.equal(decoded(bytes).answer.length, 8)
      ids.add(bytes.readUInt16BE(0))
    })
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    for (let id = 0; id < 1000; id += 1) {
      const message = query('db.test.clamav.example', 'A')
      message.writeUInt16BE(id, 0)
      socket.send(message, server.port, server.host)
      // No more at once than the smallest buffer of a system holds.
      if (id % 50 === 49) await until(() => ids.size === id + 1)
    }
    socket.close()
    assert.equal(ids.size, 1000)
    assert.equal((await server.counters()).queries, 1000)
  })

  suite('what is no query gets no answer, and the next one does', async () => {
    await using server = await start(LOCAL, aSetup())
    const answer = query('a.example', 'A')
    answer[2] = 0x80
    for (const noise of [Buffer.alloc(0), Buffer.alloc(11), answer]) {
      assert.equal(await sendUdp(server, noise, 100), undefined)
    }
    const short = query('a.example', 'A').subarray(0, -3)
    assert.equal((await sendUdp(server, short))?.readUInt16BE(2), 0x8001)
    const long = Buffer.concat([query('a.example', 'A'), Buffer.alloc(3000)])
    assert.equal((await sendUdp(server, long))?.[3], RCODE.FORMERR)
    assert.equal((await ask(server, 'clamav.example', 'SOA')).rcode, RCODE.NOERROR)
  })

  suite('a question as long as we say that we take is answered', async () => {
    await using server = await start(LOCAL, aSetup())
    const padding = (bytes: number) => ({ code: 12, bytes: new Uint8Array(bytes) })
    const empty = query('clamav.example', 'SOA', { options: [padding(0)] })
    const options = [padding(1232 - empty.byteLength)]
    const full = query('clamav.example', 'SOA', { options })
    assert.equal(full.byteLength, 1232)
    assert.equal(decoded(await sendUdp(server, full)).rcode, RCODE.NOERROR)
  })

  suite('R26, R27: a new snapshot is answered from', async () => {
    await using server = await start(LOCAL, aSetup())
    const before = await ask(server, 'm1.clamav.example', 'A')
    assert.equal(before.answer.length, 1)
    server.answerFrom(aSnapshot({ mirrors: [], serial: 43 }))
    let answer = before
    for (let tries = 0; tries < 500 && answer.answer.length > 0; tries += 1) {
      answer = await ask(server, 'm1.clamav.example', 'A')
      await wait(5)
    }
    assert.deepEqual([answer.rcode, answer.answer], [RCODE.NOERROR, []])
  })

  suite('R30: the client’s address decides, and new data count at once', async () => {
    await using server = await start(LOCAL, aSetup())
    const target = async () => {
      const [first] = (await ask(server, 'database.clamav.example', 'A')).answer
      return first?.data.kind === 'cname' ? first.data.target : undefined
    }
    assert.equal(await target(), 'db.other.clamav.example')
    const prefix = parseIpPrefix('127.0.0.0/8')
    assert.ok(prefix)
    const { places, overrides: _ } = aSetup()
    server.placeBy(places, overrideTable([{ prefix, country: 'JP' }]))
    for (let tries = 0; tries < 50 && (await target()) !== 'db.asia.clamav.example'; tries += 1) {
      await wait(20)
    }
    assert.equal(await target(), 'db.asia.clamav.example')
  })

  suite('a port that is taken is an error that says so', async () => {
    await using server = await start(LOCAL, aSetup())
    await assert.rejects(start({ host: server.host, port: server.port }, aSetup()), (error) => {
      assert.ok(error instanceof DnsServerError)
      assert.equal(error.code, 'cannot-listen')
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1 port ${server.port}/udp`))
      return true
    })
  })

  suite('several share a port when they say so', async () => {
    const listen = { ...LOCAL, sharePort: true }
    await using one = await start(listen, aSetup())
    await using two = await start({ ...listen, port: one.port }, aSetup())
    for (let number = 0; number < 40; number += 1) {
      assert.equal((await ask(one, 'clamav.example', 'SOA')).rcode, RCODE.NOERROR)
    }
    const counts = [await one.counters(), await two.counters()]
    assert.equal(
      counts.reduce((sum, { queries }) => sum + queries, 0),
      40,
    )
  })

  suite(
    'IPv6',
    async () => {
      await using server = await start({ host: '::1', port: 0 }, aSetup())
      assert.equal((await ask(server, 'clamav.example', 'NS')).answer.length, 2)
    },
    hasIpv6 ? false : 'no IPv6 here',
  )

  suite('at its end it answers what had come', async () => {
    const server = await start(LOCAL, aSetup())
    const socket = createSocket('udp4')
    let answers = 0
    socket.on('message', () => {
      answers += 1
    })
    socket.connect(server.port, server.host)
    await once(socket, 'connect')
    // Connected and to an address, so each is with the system before the server is told to stop.
    for (let sent = 0; sent < 100; sent += 1) socket.send(query('clamav.example', 'SOA'))
    await server[Symbol.asyncDispose]()
    await until(() => answers === 100)
    socket.close()
    assert.equal(answers, 100)
  })

  suite('after it has closed the port is free again', async () => {
    const first = await start(LOCAL, aSetup())
    await first[Symbol.asyncDispose]()
    await using again = await start({ host: '127.0.0.1', port: first.port }, aSetup())
    assert.equal((await ask(again, 'clamav.example', 'SOA')).rcode, RCODE.NOERROR)
  })
}

contract('dgram', startDgramServer, false)
contract(
  'batched',
  startBatchedServer,
  loadSystemCalls() === undefined && 'koffi does not load here',
)

test('batched: on all addresses, an answer leaves from the one that was asked', {
  skip: loadSystemCalls() === undefined && 'koffi does not load here',
}, async () => {
  await using server = await startBatchedServer({ host: '0.0.0.0', port: 0 }, aSetup())
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  // A connected socket takes answers from the address it asked, and from no other.
  socket.connect(server.port, '127.0.0.77')
  await once(socket, 'connect')
  const answered = once(socket, 'message', { signal: AbortSignal.timeout(3000) })
  socket.send(query('clamav.example', 'SOA'))
  const [, from] = await answered
  socket.close()
  assert.equal(from.address, '127.0.0.77')
})

test('a look at a name server sees its serial and record; one that is silent or lame is told apart', async () => {
  const { signal } = new AbortController()
  await using server = await startDgramServer(LOCAL, aSetup())
  const look = new DnsLook(systemClock)
  const sight = await look.look(server, 'clamav.example', signal)
  assert.equal(sight.serial, 42)
  assert.equal(sight.authority, 'ns1.clamav.example hostmaster.clamav.example 3600 600 86400 60')
  assert.deepEqual(sight.nameServers, ['ns1.clamav.example', 'ns2.clamav.example'])
  assert.match(sight.record ?? '', /^1\.4\.6:63:27100:/)
  const fails = (at: Promise<unknown>, code: string) =>
    assert.rejects(at, (error) => error instanceof NameServerLookError && error.code === code)
  await fails(look.look(server, 'example.org', signal), 'lame')
  await fails(
    look.look({ host: '127.0.0.1', port: 1 }, 'clamav.example', AbortSignal.any([signal])),
    'silent',
  )
})
