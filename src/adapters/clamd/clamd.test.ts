import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../../dev/demo/layout.ts'
import { eventually, run, without } from '../../../test/support/run.ts'
import { describeReload, type ReloadOutcome, reloadClamd, reloadClamdOf } from './index.ts'

const skip = without('clamd')
const signal = new AbortController().signal
const EVERYWHERE = { tcpAddresses: [], enableReloadCommand: true }

/** The real clamd with a folder of databases, on the sockets that `lines` say. */
async function startClamd(folder: string, lines: readonly string[]) {
  const databases = join(folder, 'db')
  const path = join(folder, 'clamd.conf')
  await mkdir(databases)
  await writeFile(join(databases, 'old.ndb'), `Old:0:*:${hex('an old signature')}\n`)
  const own = [`DatabaseDirectory ${databases}`, `User ${userInfo().username}`, 'SelfCheck 86400']
  await writeFile(path, `${[...own, ...lines].join('\n')}\n`)
  const ending = Promise.withResolvers<() => void>()
  const end = run('clamd', ['--foreground', `--config-file=${path}`], {
    onStart: (child) => ending.resolve(() => child.kill('SIGKILL')),
  })
  const stop = await ending.promise
  return {
    path,
    databases,
    async [Symbol.asyncDispose]() {
      stop()
      await end
    },
  }
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}

async function ask(door: { path: string } | { host: string; port: number }, ...pieces: Buffer[]) {
  const socket = connect(door)
  socket.write(Buffer.concat(pieces))
  const said: Buffer[] = []
  socket.on('data', (piece: Buffer) => said.push(piece))
  await once(socket, 'close')
  return Buffer.concat(said).toString()
}

async function scan(door: Parameters<typeof ask>[0], text: string): Promise<string> {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  return await ask(door, Buffer.from('zINSTREAM\0'), length, Buffer.from(text), Buffer.alloc(4))
}

for (const kind of ['a unix socket', 'TCP'] as const) {
  test(`the real clamd on ${kind} loads a signature that came after its start`, {
    skip,
  }, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-clamd-'))
    const port = await freePort(['127.0.0.1'])
    const path = join(folder.path, 's')
    const tcp = kind === 'TCP'
    const door = tcp ? { host: '127.0.0.1', port } : { path }
    const lines = tcp
      ? [`TCPSocket ${port}`, 'TCPAddr 127.0.0.1', 'TCPAddr 127.0.0.2']
      : [`LocalSocket ${path}`, `TCPSocket ${port}`, 'TCPAddr 127.0.0.1']
    await using clamd = await startClamd(folder.path, lines)
    const before = await eventually(() => scan(door, 'with a new signature in it'))
    assert.equal(before, 'stream: OK\0')
    const text = `New:0:*:${hex('a new signature')}\n`
    await writeFile(join(clamd.databases, 'new.ndb'), text)
    assert.equal(await scan(door, 'with a new signature in it'), 'stream: OK\0')
    assert.deepEqual(await reloadClamdOf(clamd.path, { signal }), { kind: 'reloading' })
    await eventually(async () => {
      assert.match(await scan(door, 'with a new signature in it'), /New\.UNOFFICIAL FOUND/)
    })
  })
}

/** Somebody who is no clamd, on a unix socket; `behave` gets each caller. */
async function startLiar(behave: (socket: Socket) => void) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-liar-'))
  const path = join(folder.path, 's')
  const asked: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    socket.on('data', (piece: Buffer) => asked.push(piece))
    behave(socket)
  }).listen(path)
  await once(server, 'listening')
  return {
    asked: () => Buffer.concat(asked).toString(),
    reload: (own = signal, answerMsMax = 10_000) => {
      return reloadClamd({ ...EVERYWHERE, localSocket: path }, { signal: own, answerMsMax })
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await folder.remove()
    },
  }
}

function wordsOf(outcome: ReloadOutcome): string {
  assert.equal(outcome.kind, 'said-something-else')
  return outcome.kind === 'said-something-else' ? outcome.words : ''
}

const onceAsked = (answer: (socket: Socket) => void) => (socket: Socket) => {
  socket.once('data', () => answer(socket))
}

test('it is asked in seven bytes, and may answer in pieces', async () => {
  await using liar = await startLiar(
    onceAsked((socket) => {
      socket.write('RELO')
      setTimeout(() => socket.write('ADING\n'), 50)
    }),
  )
  assert.deepEqual(await liar.reload(), { kind: 'reloading' })
  assert.equal(liar.asked(), 'RELOAD\0')
})

test('garbage is told, escaped', async () => {
  await using liar = await startLiar(onceAsked((socket) => socket.end('\x1b[2JUNKNOWN COMMAND\n')))
  const outcome = await liar.reload()
  assert.equal(wordsOf(outcome), '\\u{1b}[2JUNKNOWN COMMAND')
  assert.match(describeReload(outcome), /said "\\u\{1b\}\[2JUNKNOWN COMMAND" instead of RELOADING$/)
})

test('a megabyte is not read to its end', async () => {
  const sent = Promise.withResolvers<unknown>()
  await using liar = await startLiar(
    onceAsked((socket) => {
      socket.write(Buffer.alloc(16 * 1024 * 1024, 'x'), sent.resolve)
    }),
  )
  assert.ok(wordsOf(await liar.reload()).length < 250)
  assert.ok((await sent.promise) instanceof Error, 'the rest is not taken')
})

test('who closes at once has said nothing', async () => {
  for (const behave of [
    (socket: Socket) => socket.destroy(),
    (socket: Socket) => socket.end(),
    onceAsked((socket) => socket.destroy()),
  ]) {
    await using liar = await startLiar(behave)
    assert.equal(wordsOf(await liar.reload()), '')
  }
})

test('who is silent is given up in time', async () => {
  await using liar = await startLiar(onceAsked((socket) => socket.write('RELO')))
  assert.equal(wordsOf(await liar.reload(signal, 200)), 'RELO')
  await using silent = await startLiar(() => {})
  const outcome = await silent.reload(signal, 200)
  assert.match(describeReload(outcome), /did not answer/)
})

test('the caller’s signal ends the wait', async () => {
  await using liar = await startLiar(() => {})
  const own = new AbortController()
  const reload = liar.reload(own.signal)
  setTimeout(() => own.abort(new Error('enough')), 50)
  await assert.rejects(reload, /enough/)
})

test('who takes no command is not asked, or says so', async () => {
  const conf = { ...EVERYWHERE, localSocket: '/nonexistent/s' }
  const off = await reloadClamd({ ...conf, enableReloadCommand: false }, { signal })
  assert.deepEqual(off, { kind: 'disabled' })
  await using liar = await startLiar(onceAsked((socket) => socket.end('COMMAND UNAVAILABLE\n')))
  assert.deepEqual(await liar.reload(), { kind: 'disabled' })
})

test('nobody there is told door by door', async () => {
  const conf = {
    ...EVERYWHERE,
    localSocket: '/nonexistent/s',
    tcpSocket: await freePort(['127.0.0.1']),
    tcpAddresses: ['127.0.0.1', '127.0.0.2'],
  }
  const outcome = await reloadClamd(conf, { signal })
  assert.ok(outcome.kind === 'not-there')
  assert.deepEqual(
    outcome.reasons.map((reason) => (reason.kind === 'unreachable' ? reason.reason : reason.kind)),
    ['ENOENT', 'ECONNREFUSED', 'ECONNREFUSED'],
  )
  const nowhere = await reloadClamd(EVERYWHERE, { signal })
  assert.match(describeReload(nowhere), /neither LocalSocket nor TCPSocket/)
})

test('who has no unix socket is found by TCP, without an address on this machine', async () => {
  const server = createServer((socket) => socket.resume().end('RELOADING\n'))
  const port = await freePort(['127.0.0.1'])
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const conf = { ...EVERYWHERE, localSocket: '/nonexistent/s', tcpSocket: port }
  assert.deepEqual(await reloadClamd(conf, { signal }), { kind: 'reloading' })
  server.close()
  await once(server, 'close')
  const outcome = await reloadClamd(conf, { signal })
  assert.match(describeReload(outcome), /\(ENOENT\); nobody at localhost port \d+ \(ECONNREFUSED\)/)
})

test('a path that no socket can have is nobody', async () => {
  const conf = { ...EVERYWHERE, localSocket: `/${'a'.repeat(300)}` }
  const outcome = await reloadClamd(conf, { signal })
  assert.equal(outcome.kind, 'not-there', describeReload(outcome))
})

test('a configuration that cannot be read or is wrong is told with its place', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-clamd-'))
  const path = join(folder.path, 'clamd.conf')
  assert.match(describeReload(await reloadClamdOf(path, { signal })), /Cannot read .*clamd\.conf/)
  await writeFile(path, 'LogVerbose yes\nTCPSocket many\n')
  assert.match(describeReload(await reloadClamdOf(path, { signal })), /line 2: TCPSocket/)
})
