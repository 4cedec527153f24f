import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { type DbName, generation, parseDbName, serial } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import { printTimestamp } from '#formats/timestamp-file/index.ts'
import { ProbeError } from '#ports/probe.ts'
import { flood, httpAnswer, rawMirror, trickle } from '../../../test/support/raw-mirror.ts'
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

async function mirror(...args: Parameters<typeof rawMirror>) {
  const raw = await rawMirror(...args)
  return {
    target: { name: 'mirror1', host: '127.0.0.1', httpPort: raw.port },
    [Symbol.asyncDispose]: () => raw[Symbol.asyncDispose](),
  }
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
    if (path === '/timestamp') return httpAnswer(stamp())
    return path === '/daily.cvd'
      ? httpAnswer(HEADER, '206 Partial Content')
      : httpAnswer('none', '404 Not Found')
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
  await using it = await mirror((path, _head, socket) =>
    path === '/timestamp' ? httpAnswer(stamp()) : flood(socket, HEADER),
  )
  const sight = await new HttpProbe().look(it.target, [name('daily')], signal)
  assert.equal(sight.versions.get(name('daily')), 7)
  await using endless = await mirror((_path, _head, socket) => flood(socket, stamp()))
  await assert.rejects(new HttpProbe().look(endless.target, [], signal), fails('no-timestamp'))
})

test('a portal’s page, a redirect and a missing file are no timestamp', async () => {
  const redirect = 'HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n'
  for (const text of [
    httpAnswer('<html>Please log in</html>'),
    httpAnswer('', '404 Not Found'),
    redirect,
  ]) {
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
  await using slow = await mirror((_path, _head, socket) => trickle(socket))
  const brief = new HttpProbe({ totalMsMax: 300 })
  await assert.rejects(brief.look(slow.target, [], signal), fails('timed-out'))
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
