import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2 from 'ssh2'
import { missingPrograms, type Sigmaker, SshWorld } from './ssh-world.ts'

const skip = await missingPrograms('ssh', 'ssh-keygen')
const world = new SshWorld()
let anna: Sigmaker

before(async () => {
  if (skip !== false) return
  await world.start()
  anna = await world.addSigmaker('anna')
})

after(async () => {
  await world[Symbol.asyncDispose]()
})

/** As the manual has it (R93), but for port and host. */
const TRIGGER = ['-l', 'clamavdb', 'sleep', '1']

test('any command is the trigger, its lines and its status come back (R94)', { skip }, async () => {
  const calls: string[] = []
  world.command = async (call) => {
    calls.push(call.from)
    call.print('first')
    call.complain('second')
    return 7
  }
  for (const args of [
    TRIGGER,
    ['-n', ...TRIGGER],
    ['-T', ...TRIGGER],
    ['-T', '-l', 'clamavdb'],
    ['-l', 'clamavdb', 'rm -rf / && ls $HOME'],
  ]) {
    const end = await world.ssh(anna, args)
    assert.deepEqual(end, { status: 7, out: 'first\n', err: 'second\n' }, args.join(' '))
  }
  assert.equal(calls.length, 5)
  assert.equal(calls[0], '127.0.0.1')
})

test('a caller who asks for a terminal gets line ends for one', { skip }, async () => {
  world.command = async (call) => {
    call.print('first')
    return 0
  }
  const end = await world.ssh(anna, ['-tt', ...TRIGGER])
  assert.equal(end.status, 0)
  assert.equal(end.out, 'first\r\n')
})

test('what is sent to the trigger is read and dropped', { skip }, async () => {
  world.command = async () => 0
  const input = new Uint8Array(8 * 1024 * 1024)
  assert.equal((await world.ssh(anna, TRIGGER, { input })).status, 0)
})

test('a line arrives while the run goes on', { skip }, async () => {
  const { promise: mayEnd, resolve: letEnd } = Promise.withResolvers<void>()
  world.command = async (call) => {
    call.print('the verdict')
    await mayEnd
    call.print('the end')
    return 0
  }
  let early = ''
  const end = await world.ssh(anna, TRIGGER, {
    onOut: (text) => {
      early ||= text
      letEnd()
    },
  })
  assert.equal(early, 'the verdict\n')
  assert.equal(end.out, 'the verdict\nthe end\n')
})

test('ten thousand lines and a status arrive whole', { skip }, async () => {
  world.command = async (call) => {
    for (let count = 0; count < 10_000; count += 1) call.print(`line ${count} ${'x'.repeat(90)}`)
    return 3
  }
  const end = await world.ssh(anna, TRIGGER)
  assert.equal(end.status, 3)
  assert.equal(end.out.split('\n').length, 10_001)
})

test('the run goes on when the caller hangs up (promise 5)', { skip }, async () => {
  const { promise: started, resolve: hasStarted } = Promise.withResolvers<void>()
  const { promise: done, resolve: isDone } = Promise.withResolvers<boolean>()
  const hangUp = new AbortController()
  world.command = async (call) => {
    call.print('started')
    hasStarted()
    await sleep(300)
    call.print('nobody reads this')
    isDone(call.signal.aborted)
    return 0
  }
  const caller = world.ssh(anna, TRIGGER, { signal: hangUp.signal })
  await started
  hangUp.abort()
  await caller
  assert.equal(await done, false)
})

test('a run that throws ends with status 3 and a word about it', { skip }, async () => {
  world.command = async () => {
    throw new Error('planted')
  }
  const end = await world.ssh(anna, TRIGGER)
  assert.equal(end.status, 3)
  assert.match(end.err, /fault of the server/)
  assert.ok(world.events.some((event) => event.kind === 'run-failed'))
})

test('several triggers share one connection (ControlMaster)', { skip }, async () => {
  world.command = async (call) => {
    call.print('ok')
    return 0
  }
  const path = join(world.dir, 'control')
  const { host, port } = world.door
  const options = [...world.options(anna), '-p', String(port), '-S', path, '-l', 'clamavdb']
  // A master that stays in the background holds our pipes, so it gets none.
  const master = spawn('ssh', [...options, '-M', '-N', host], { stdio: 'ignore' })
  try {
    for (let turn = 0; turn < 3; turn += 1) {
      const end = await world.ssh(anna, ['-S', path, '-o', 'ControlMaster=auto', ...TRIGGER])
      assert.deepEqual([end.status, end.out], [0, 'ok\n'], end.err)
    }
  } finally {
    master.kill()
    await once(master, 'exit')
  }
})

test('more than ten channels on one connection are refused, the eleventh alone', async () => {
  if (skip !== false) return
  const { promise: mayEnd, resolve: letEnd } = Promise.withResolvers<void>()
  world.command = async () => {
    await mayEnd
    return 0
  }
  const client = new ssh2.Client()
  const { readFileSync } = await import('node:fs')
  client.connect({
    host: world.door.host,
    port: world.door.port,
    username: 'clamavdb',
    privateKey: readFileSync(anna.keyFile),
  })
  await once(client, 'ready')
  const results = await Promise.all(
    Array.from({ length: 11 }, async () => {
      const { promise, resolve } = Promise.withResolvers<string>()
      client.exec('x', (error, channel) => {
        resolve(error === undefined ? 'open' : 'refused')
        channel?.resume()
      })
      return await promise
    }),
  )
  assert.equal(results.filter((result) => result === 'open').length, 10)
  assert.equal(results.at(-1), 'refused')
  letEnd()
  client.end()
})

test('closing the door tells the runs, and lets them say goodbye', { skip }, async () => {
  await using other = new SshWorld()
  await other.start()
  const boris = await other.addSigmaker('boris')
  const { promise: started, resolve: hasStarted } = Promise.withResolvers<void>()
  other.command = async (call) => {
    hasStarted()
    await once(call.signal, 'abort')
    call.complain('closing')
    return 3
  }
  const caller = other.ssh(boris, TRIGGER)
  await started
  await other.door[Symbol.asyncDispose]()
  assert.deepEqual(await caller, { status: 3, out: '', err: 'closing\n' })
})

/** A few thousand bytes of noise, with and without a proper greeting. */
function noise(turn: number): Uint8Array {
  const bytes = crypto.getRandomValues(new Uint8Array(1 + ((turn * 977) % 5000)))
  const greeting = Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')
  return turn % 3 === 0 ? bytes : Buffer.concat([greeting, turn % 3 === 1 ? bytes : kexLike(bytes)])
}

/** Framed like a packet, so that it gets further. */
function kexLike(bytes: Uint8Array): Uint8Array {
  const head = Buffer.alloc(6)
  head.writeUInt32BE(bytes.byteLength + 2)
  head[4] = 4
  head[5] = 20
  return Buffer.concat([head, bytes])
}

test('noise on the port breaks nothing', { skip }, async () => {
  world.command = async () => 0
  for (let turn = 0; turn < 90; turn += 1) {
    const socket = connect(world.door.port, world.door.host)
    socket.on('error', () => {}).resume()
    await once(socket, 'connect')
    socket.write(noise(turn))
    if (turn % 2 === 0) socket.destroy()
    else socket.end()
    if (turn % 10 === 0) await sleep(5)
  }
  assert.equal((await world.ssh(anna, TRIGGER)).status, 0)
})

test('one address cannot take all connections, and gets its places back', { skip }, async () => {
  const sockets = Array.from({ length: 40 }, () => connect(world.door.port, world.door.host))
  const closed = sockets.map((socket) => once(socket.on('error', () => {}).resume(), 'close'))
  await Promise.race([Promise.all(closed), sleep(300)])
  assert.ok(sockets.filter((socket) => socket.closed).length >= 8)
  for (const socket of sockets) socket.destroy()
  await sleep(50)
  assert.equal((await world.ssh(anna, TRIGGER)).status, 0)
})
