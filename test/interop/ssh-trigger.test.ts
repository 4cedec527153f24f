import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, rmSync, statSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type KeyPair, loadOrMakeKey, SshTrigger } from '#adapters/ssh/index.ts'
import { type TriggerEnd, TriggerError, type TriggerTarget } from '#ports/trigger.ts'
import { startSshd } from '../support/sshd.ts'
import { missingPrograms, run, type Sigmaker, SshWorld } from './ssh-world.ts'

const skip = await missingPrograms('ssh', 'ssh-keygen', 'sshd')
const world = new SshWorld()
let mirror: Sigmaker
let master: KeyPair
let target: TriggerTarget

before(async () => {
  if (skip !== false) return
  await world.start()
  mirror = await world.addSigmaker('master')
  master = await loadOrMakeKey(mirror.keyFile, 'master')
  target = {
    name: 'mirror1',
    host: world.door.host,
    sshPort: world.door.port,
    user: 'clamavdb',
    hostKey: world.door.hostKey,
  }
})

after(async () => {
  await world[Symbol.asyncDispose]()
})

interface Seen {
  readonly end: TriggerEnd
  readonly admitted: number
  readonly lines: readonly string[]
}

async function pull(to: TriggerTarget, signal = AbortSignal.timeout(20_000)): Promise<Seen> {
  const lines: string[] = []
  let admitted = 0
  const end = await new SshTrigger({ privateKey: master.privateKey, connectTimeoutMs: 1_000 }).pull(
    to,
    {
      onAdmitted: async () => {
        admitted += 1
      },
      onLine: (line) => lines.push(line),
      signal,
    },
  )
  return { end, admitted, lines }
}

async function failure(to: TriggerTarget, signal?: AbortSignal): Promise<TriggerError> {
  try {
    await pull(to, signal)
  } catch (error) {
    assert.ok(error instanceof TriggerError, String(error))
    return error
  }
  throw new Error('The trigger succeeded')
}

/** With a forced command for the master's key (R50). */
async function startForced(
  forced: string,
  type: 'ed25519' | 'rsa',
): Promise<AsyncDisposable & TriggerTarget> {
  const authorizedKeys = `restrict,command="${forced}" ${master.publicKey}\n`
  const sshd = await startSshd({ folder: world.dir, authorizedKeys, type })
  const { host, port, user, hostKey } = sshd
  return {
    ...{ name: 'strange', host, sshPort: port, user, hostKey },
    [Symbol.asyncDispose]: () => sshd[Symbol.asyncDispose](),
  }
}

async function freePort(): Promise<number> {
  await using server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

test('our own door: admitted once, lines as they come, the status of the sync', {
  skip,
}, async () => {
  world.command = async (call) => {
    call.print('pulling\u001b[2J from master')
    await sleep(20)
    call.complain('one file refused')
    return 1
  }
  const seen = await pull(target)
  assert.equal(seen.admitted, 1)
  assert.deepEqual(seen.lines, ['pulling?[2J from master', 'one file refused'])
  assert.deepEqual(seen.end, { status: 1, lines: seen.lines })
})

test('a cold trigger takes a few milliseconds, not the 500 of delayed packets', {
  skip,
}, async (t) => {
  world.command = async () => 0
  const times: number[] = []
  for (let turn = 0; turn < 20; turn += 1) {
    const start = performance.now()
    await pull(target)
    times.push(performance.now() - start)
  }
  const median = times.toSorted((a, b) => a - b)[10] ?? 0
  t.diagnostic(`first ${times[0]?.toFixed(1)} ms, median of 20 ${median.toFixed(1)} ms`)
  assert.ok(median < 150, `${median} ms`)
})

for (const type of ['ed25519', 'rsa'] as const) {
  test(`a strange OpenSSH server with a forced command and an ${type} host key`, {
    skip,
  }, async () => {
    await using sshd = await startForced('echo ran; echo $SSH_ORIGINAL_COMMAND; exit 4', type)
    const seen = await pull(sshd)
    assert.deepEqual(seen.end, { status: 4, lines: ['ran', 'clam-clientsync'] })
    assert.equal(seen.admitted, 1)
  })
}

test('another host key is a refusal with both fingerprints, and nothing is said to it', {
  skip,
}, async () => {
  let ran = false
  world.command = async () => {
    ran = true
    return 0
  }
  for (const hostKey of [mirror.publicKey, `ssh-rsa ${mirror.publicKey.split(' ')[1]}`]) {
    const error = await failure({ ...target, hostKey })
    assert.equal(error.code, 'host-key-changed')
    assert.match(error.message, /Host key was SHA256:\S{43} and is SHA256:\S{43}/)
  }
  assert.equal(ran, false)
})

test('a key that the mirror does not know, and an unknown account', { skip }, async () => {
  assert.equal((await failure({ ...target, user: 'nobody' })).code, 'login-refused')
  await using sshd = await startForced('true', 'ed25519')
  assert.equal((await failure({ ...sshd, user: 'nobody-here' })).code, 'login-refused')
})

test('nobody listens, or the name is not known', { skip }, async () => {
  const sshPort = await freePort()
  assert.equal((await failure({ ...target, sshPort })).code, 'unreachable')
  const error = await failure({ ...target, host: 'nowhere.invalid' })
  assert.equal(error.code, 'unreachable')
  assert.match(error.message, /^Cannot trigger "mirror1" at nowhere\.invalid port \d+: /)
})

async function listen(
  onSocket: (socket: Socket) => void,
): Promise<AsyncDisposable & { port: number }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}))
    onSocket(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a server that says nothing times out; one that talks nonsense is broken', {
  skip,
}, async () => {
  await using silent = await listen(() => {})
  const start = performance.now()
  assert.equal((await failure({ ...target, sshPort: silent.port })).code, 'timed-out')
  assert.ok(performance.now() - start < 3_000)
  await using hasty = await listen((socket) => socket.end())
  assert.equal((await failure({ ...target, sshPort: hasty.port })).code, 'broken')
  await using web = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  assert.equal((await failure({ ...target, sshPort: web.port })).code, 'broken')
  await using odd = await listen((socket) => {
    socket.write(Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(4000, 0xff)]))
  })
  assert.equal((await failure({ ...target, sshPort: odd.port })).code, 'broken')
})

test('the whole run ends at the signal: a time-out is one, a cancel is its reason', {
  skip,
}, async () => {
  const { promise: mayEnd, resolve: letEnd } = Promise.withResolvers<void>()
  world.command = async () => {
    await mayEnd
    return 0
  }
  assert.equal((await failure(target, AbortSignal.timeout(200))).code, 'timed-out')
  const cancel = new AbortController()
  const reason = new Error('The master stops')
  setTimeout(() => cancel.abort(reason), 50)
  await assert.rejects(pull(target, cancel.signal), reason)
  await assert.rejects(pull(target, AbortSignal.abort(reason)), reason)
  letEnd()
})

test('a mirror that dies during the sync ends the trigger without a status', { skip }, async () => {
  await using sshd = await startForced('echo pulling; sleep 30', 'ed25519')
  const { promise: line, resolve } = Promise.withResolvers<void>()
  const running = new SshTrigger({ privateKey: master.privateKey }).pull(sshd, {
    onAdmitted: async () => {},
    onLine: () => resolve(),
    signal: AbortSignal.timeout(10_000),
  })
  await line
  // The connection's own process, a child of the one that listens.
  const children = await run('sh', [
    '-c',
    `ss -tnpH sport = :${sshd.sshPort} | grep -o 'pid=[0-9]*'`,
  ])
  for (const [, pid] of children.out.matchAll(/pid=(\d+)/g)) process.kill(Number(pid), 'SIGKILL')
  assert.deepEqual(await running, { status: null, lines: ['pulling'] })
})

test('a key file is private, is read back by ssh-keygen, and is the same the next time', {
  skip,
}, async () => {
  const file = join(world.dir, 'new', 'trigger_key')
  const pairs = await Promise.all([1, 2, 3].map(() => loadOrMakeKey(file, 'cvdnet rsync1')))
  assert.equal(new Set(pairs.map(({ privateKey }) => privateKey)).size, 1)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const { out } = await run('ssh-keygen', ['-y', '-f', file])
  assert.equal(out.trim(), `${pairs[0]?.publicKey} cvdnet rsync1`)
  assert.deepEqual(await loadOrMakeKey(file, 'another comment'), pairs[0])
  chmodSync(file, 0o640)
  await assert.rejects(loadOrMakeKey(file, 'x'), { code: 'key-file-exposed' })
  rmSync(file)
  world.file('new/trigger_key', 'no key')
  chmodSync(file, 0o600)
  await assert.rejects(loadOrMakeKey(file, 'x'), { code: 'bad-key-file' })
})

test('a connection that ends right after the login ends the trigger, and nothing else', {
  skip,
}, async () => {
  const sockets = new Set<Socket>()
  await using between = createServer((near) => {
    const far = connect(target.sshPort, target.host)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    near.pipe(far).pipe(near)
  })
  await once(between.listen(0, target.host), 'listening')
  const place = between.address()
  assert.ok(typeof place === 'object' && place !== null)
  const options = { privateKey: master.privateKey, connectTimeoutMs: 5_000 }
  const end = await new SshTrigger(options).pull(
    { ...target, sshPort: place.port },
    {
      onAdmitted: async () => {
        for (const socket of sockets) socket.destroy()
        await sleep(200)
      },
      onLine: () => {},
      signal: AbortSignal.timeout(20_000),
    },
  )
  assert.equal(end.status, null)
  // What is thrown late would end the process.
  await sleep(300)
})
