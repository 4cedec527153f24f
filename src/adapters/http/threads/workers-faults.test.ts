import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempDisposable, utimes } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { without } from '../../../../test/support/run.ts'
import { hang } from '../../../../test/support/serving/hang.ts'
import {
  dated,
  eventually,
  signal,
  type WorkersWorld,
  workersWorld,
} from '../../../../test/support/serving/workers-world.ts'
import { testCertificate } from '../../../../test/support/test-ca.ts'
import { Counts } from '../limits/counts.ts'
import { WebThread } from './web-thread.ts'
import { Workers } from './workers.ts'

const SLOW = { limits: { speeds: { database: 100_000 } } }
const HUNG = /^web thread 1 ended \(no answer within 10 seconds\) and is started again$/

async function canConnect({ host, port }: { host: string; port: number }): Promise<boolean> {
  const socket = connect(port, host)
  return await once(socket, 'connect', { signal })
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy())
}

/** Time passes for whoever looks again and again, and answers have the time to come. */
async function pass(t: TestContext, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    t.mock.timers.tick(1_000)
    await wait(30)
  }
}

/** The first one is being started again. */
async function restarted({ workers, faults }: WorkersWorld): Promise<void> {
  const before = faults.length
  await workers.threads[0]?.terminate()
  await eventually(() => faults.length > before)
  await wait(110)
}

test('who is cut off at the end is in the log, with what he got', async () => {
  const it = await workersWorld(SLOW)
  const sockets = Array.from({ length: 12 }, () => connect(it.port, it.host))
  for (const socket of sockets) {
    socket.on('error', () => {}).write('GET /daily.cvd HTTP/1.1\r\n\r\n')
    await once(socket, 'data', { signal })
    socket.resume()
  }
  await it.listener[Symbol.asyncDispose]()
  await it[Symbol.asyncDispose]()
  assert.equal(it.logged().length, sockets.length)
})

test('a release that cannot be loaded is the only one that is not served', async () => {
  await using it = await workersWorld()
  const files = new Map(it.snapshot.files)
  const [path, file] = [...files][0] ?? []
  assert.ok(path !== undefined && file !== undefined)
  files.set(path, Object.assign({ ...file }, { date: () => 'no value' }) as never)
  await assert.rejects(it.workers.publish({ files }))
  await it.workers.publish(dated(it.snapshot, 'next'))
  assert.equal((await it.ask('/timestamp')).body.subarray(0, 4).toString(), 'next')
})

test('a port that is left while a thread starts is not listened on by it', async () => {
  await using it = await workersWorld()
  const listener = await it.workers.http({ host: 'localhost', port: 0 })
  await restarted(it)
  await listener.drain()
  await listener[Symbol.asyncDispose]()
  await it.workers.change({ isLogged: true })
  await wait(100)
  assert.equal(await canConnect(listener), false)
})

test('a thread that ends while it is being started is tried again', async () => {
  await using it = await workersWorld()
  await eventually(async () => {
    await it.workers.threads[0]?.terminate()
    return it.faults.length === 3
  })
  assert.equal((await it.ask('/timestamp')).status, 200)
  await it.workers.threads[0]?.terminate()
})

test('a port that was just left can be taken again at once', async () => {
  await using it = await workersWorld()
  for (let n = 0; n < 20; n++) {
    const listener = await it.workers.http({ host: '127.0.0.1', port: 0 })
    const left = listener.drain()
    const again = await it.workers.http(listener)
    await left
    await again[Symbol.asyncDispose]()
  }
})

test('a port that is being left is not listened on again for a new certificate', {
  skip: without('openssl'),
}, async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-workers-'))
  const { certificate: certificateFile, key: keyFile } = testCertificate(folder.path, 'one')
  await using it = await workersWorld(SLOW)
  const place = { host: '127.0.0.1', port: 0 }
  const listener = await it.workers.https(place, { certificateFile, keyFile })
  const client = connectTls({ port: listener.port, host: listener.host, rejectUnauthorized: false })
  client.write('GET /daily.cvd HTTP/1.1\r\n\r\n')
  await once(client, 'data', { signal })
  const left = listener.drain()
  await it.workers.change({ isLogged: true })
  await utimes(certificateFile, 1, 1)
  await pass(t, 6_000)
  await wait(200)
  await restarted(it)
  await it.workers.change({ isLogged: true })
  assert.equal(await canConnect(listener), false)
  client.destroy()
  await left
})

test('a thread that hangs is told of and replaced, though nobody asks anything of it', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  await using it = await workersWorld()
  await hang('web 1')
  await pass(t, 41_000)
  await eventually(() => it.faults.length > 0)
  assert.match(it.faults.join('\n'), HUNG)
  await it.workers.publish(dated(it.snapshot, 'next'))
  assert.equal((await it.ask('/timestamp')).status, 200)
})

test('a thread that hangs does not keep the rest from ending', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const it = await workersWorld()
  await hang('web 1')
  const ended = it.listener[Symbol.asyncDispose]()
  await pass(t, 11_000)
  await ended
  assert.match(it.faults.join('\n'), HUNG)
  await it[Symbol.asyncDispose]()
})

test('a thread that answered while the program itself was stopped has not hung', async () => {
  await using it = await workersWorld()
  // From here on timers are looked at before answers are.
  await new Promise(setImmediate)
  const asked = it.workers.change({ isLogged: true })
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 11_000)
  await asked
  // One that was ended is told of a moment later.
  await wait(300)
  assert.deepEqual(it.faults, [])
})

test('a thread for which there is no room is tried again', async () => {
  const counts = Counts.create().memory
  const served = new SharedArrayBuffer(4)
  const birth = { localFolder: '/', chunksMax: 8, counts, row: 0, served }
  const reasons: string[] = []
  await using thread = await WebThread.start({
    birth,
    answers: { lines: () => {}, page: () => undefined, judge: () => ({ kind: 'serve' }) },
    greet: (calls) => calls.settle(),
    onEnded: (reason) => reasons.push(reason),
  })
  // What cannot be given to a thread keeps one from being made, as a full machine does.
  Object.assign(birth, { localFolder: () => {} })
  await thread.terminate()
  await eventually(() => reasons.length > 1)
  assert.match(reasons[1] ?? '', /could not be cloned/)
  birth.localFolder = '/'
  await eventually(
    async () => (await thread.ask((calls) => calls.settle().then(() => true))) === true,
  )
})

test('threads that cannot be made are told with a reason', async () => {
  const options = { localFolder: (() => {}) as never, onLines: () => {}, onFault: () => {} }
  await assert.rejects(Workers.start(2, options), /could not be cloned/)
})
