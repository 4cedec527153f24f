import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempDisposable, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import {
  NotifyError,
  type NotifySocketOptions,
  notifyBySocket,
  startNotifySocket,
} from './index.ts'

async function world(run: NotifySocketOptions['run']) {
  await using starting = new AsyncDisposableStack()
  const folder = starting.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-notify-')))
  const path = join(folder.path, 'notify.sock')
  // As a run that was killed leaves it.
  await writeFile(path, '')
  const door = starting.use(await startNotifySocket({ path, run }))
  const said: string[] = []
  const voice = {
    print: (line: string) => said.push(`out ${line}`),
    complain: (line: string) => said.push(`err ${line}`),
  }
  const owned = starting.move()
  return {
    path,
    door,
    said,
    ask: () => notifyBySocket(path, { sigmaker: 'älice', from: '192.0.2.1' }, voice),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

test('the name, the address, the lines and the status come through, for the own account only', async () => {
  await using it = await world(async (sigmaker, call) => {
    call.print(`${sigmaker} from ${call.from}`)
    call.complain('no\nmore')
    return 7
  })
  assert.equal((await stat(it.path)).mode & 0o777, 0o600)
  assert.equal(await it.ask(), 7)
  assert.deepEqual(it.said, ['out älice from 192.0.2.1', 'err no\nmore'])
})

test('a run that throws is the world’s failure, with its words', async () => {
  await using it = await world(async () => Promise.reject(new Error('the disk is full')))
  assert.equal(await it.ask(), 3)
  assert.deepEqual(it.said, ['err failed: the disk is full'])
})

test('what is no question is cut off and starts nothing', async () => {
  let runs = 0
  await using it = await world(async () => {
    runs += 1
    return 0
  })
  for (const text of ['GET / HTTP/1.1\n', '{"sigmaker":"a"}\n', 'x'.repeat(2000), '']) {
    const socket = connect(it.path).on('error', () => {})
    if (text === '') socket.end()
    else socket.write(text)
    await once(socket.resume(), 'close')
  }
  assert.equal(runs, 0)
  assert.equal(await it.ask(), 0)
})

test('promise 5: a caller who hangs up ends nothing, and stopping waits for the run', async () => {
  const started = Promise.withResolvers<void>()
  const mayEnd = Promise.withResolvers<void>()
  const order: string[] = []
  await using it = await world(async (_, { signal }) => {
    started.resolve()
    await mayEnd.promise
    order.push(signal.aborted ? 'told to stop' : 'went on')
    return 0
  })
  const socket = connect(it.path).on('error', () => {})
  socket.write('{"sigmaker":"a","from":"b"}\n')
  await started.promise
  socket.destroy()
  const closed = it.door[Symbol.asyncDispose]().then(() => order.push('closed'))
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  mayEnd.resolve()
  await closed
  assert.deepEqual(order, ['told to stop', 'closed'])
  await assert.rejects(
    it.ask(),
    (error) => error instanceof NotifyError && error.code === 'not-running',
  )
})
