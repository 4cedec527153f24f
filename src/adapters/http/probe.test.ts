import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { type DbName, generation, parseDbName, serial } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import { printTimestamp } from '#formats/timestamp-file/index.ts'
import { ProbeError } from '#ports/probe.ts'
import { HttpProbe } from './probe.ts'

const signal = AbortSignal.timeout(60_000)
const HEADER = `ClamAV-VDB:22 Jun 2021 14-58 -0400:7:1:90:X:X:me:1624388302`.padEnd(512, ' ')

function name(text: string): DbName {
  const parsed = parseDbName(text)
  assert.ok(parsed.ok)
  return parsed.value
}

function stamp(): string {
  const [one, two] = [serial(3), generation(9)]
  assert.ok(one !== undefined && two !== undefined)
  return printTimestamp({ stampedAt: epochSeconds(1_795_509_000), serial: one, generation: two })
}

/** A mirror that answers each path with raw bytes, or does what it likes with the socket. */
async function mirror(answer: (path: string, head: string, socket: Socket) => string | undefined) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', (data) => {
      const head = data.toString('latin1')
      const text = answer(head.split(' ')[1] ?? '', head, socket)
      if (text !== undefined) socket.end(text)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return {
    target: { name: 'mirror1', host: '127.0.0.1', httpPort: address.port },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function ok(body: string, status = '200 OK'): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

function fails(code: ProbeError['code']) {
  return (error: unknown) => {
    assert.ok(error instanceof ProbeError, String(error))
    assert.equal(error.code, code, error.message)
    return true
  }
}

test('a look sees serial, generation, time, and the version of each database that is there', async () => {
  const heads: string[] = []
  await using it = await mirror((path, head) => {
    heads.push(head)
    if (path === '/timestamp') return ok(stamp())
    return path === '/daily.cvd' ? ok(HEADER, '206 Partial Content') : ok('none', '404 Not Found')
  })
  const sight = await new HttpProbe().look(it.target, [name('daily'), name('main')], signal)
  assert.deepEqual(sight, {
    serial: 3,
    generation: 9,
    stampedAt: 1_795_509_000,
    versions: new Map([
      ['daily', 7],
      ['main', undefined],
    ]),
  })
  assert.match(heads[1] ?? '', /Range: bytes=0-511\r\n/)
  for (const head of heads) assert.match(head, /User-Agent: ClamAV-MirrorCheck\r\n/)
})

test('an endless answer is cut, for a database and for the timestamp', async () => {
  const flood = (socket: Socket, start: string) => {
    socket.write(`HTTP/1.1 200 OK\r\n\r\n${start}`)
    const more = () => {
      while (!socket.destroyed && socket.write('x'.repeat(65_536)));
      socket.once('drain', more)
    }
    more()
    return undefined
  }
  await using it = await mirror((path, _head, socket) =>
    path === '/timestamp' ? ok(stamp()) : flood(socket, HEADER),
  )
  const sight = await new HttpProbe().look(it.target, [name('daily')], signal)
  assert.equal(sight.versions.get(name('daily')), 7)
  await using endless = await mirror((_path, _head, socket) => flood(socket, stamp()))
  await assert.rejects(new HttpProbe().look(endless.target, [], signal), fails('no-timestamp'))
})

test('a portal’s page, a redirect and a missing file are no timestamp', async () => {
  const redirect = 'HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n'
  for (const text of [ok('<html>Please log in</html>'), ok('', '404 Not Found'), redirect]) {
    const asked: string[] = []
    await using it = await mirror((path) => {
      asked.push(path)
      return text
    })
    await assert.rejects(new HttpProbe().look(it.target, [], signal), fails('no-timestamp'))
    assert.deepEqual(asked, ['/timestamp'])
  }
})

test('silence, a trickle, another protocol and nobody at all are told apart', async () => {
  await using silent = await mirror(() => undefined)
  const impatient = new HttpProbe({ idleMsMax: 200 })
  await assert.rejects(impatient.look(silent.target, [], signal), fails('timed-out'))
  await using trickle = await mirror((_path, _head, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n')
    const timer = setInterval(() => socket.write('1'), 50)
    socket.once('close', () => clearInterval(timer))
    return undefined
  })
  const brief = new HttpProbe({ totalMsMax: 300 })
  await assert.rejects(brief.look(trickle.target, [], signal), fails('timed-out'))
  await using ssh = await mirror(() => 'SSH-2.0-OpenSSH_9.9\r\n')
  await assert.rejects(new HttpProbe().look(ssh.target, [], signal), fails('not-http'))
  const nobody = { ...ssh.target, httpPort: 1 }
  await assert.rejects(new HttpProbe().look(nobody, [], signal), fails('unreachable'))
})

test('an abort is the caller’s, not the mirror’s fault', async () => {
  await using silent = await mirror(() => undefined)
  const abort = new AbortController()
  const look = new HttpProbe().look(silent.target, [], abort.signal)
  await setTimeout(50)
  abort.abort(new Error('the round is over'))
  await assert.rejects(look, /the round is over/)
})
