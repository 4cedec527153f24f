import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { BIG } from '../../../../test/support/serving/tree.ts'
import {
  dated,
  eventually,
  MANY,
  opened,
  signal,
  type WorkersWorld,
  workersWorld,
} from '../../../../test/support/serving/workers-world.ts'
import { Workers } from './workers.ts'

/** One thread hears what it is asked a while later. */
function slowDown({ workers }: WorkersWorld, row: number, ms: number): void {
  const thread = workers.threads[row]
  assert.ok(thread)
  const ask = thread.ask.bind(thread)
  thread.ask = async (question) => {
    await wait(ms)
    return await ask(question)
  }
}

test('no thread shows a release before all have it, not even one that is started meanwhile', async () => {
  await using it = await workersWorld()
  await it.workers.publish(dated(it.snapshot, 'old'))
  slowDown(it, 1, 1_500)
  let isPublished = false
  const published = it.workers.publish(dated(it.snapshot, 'new')).then(() => {
    isPublished = true
  })
  await it.workers.threads[0]?.terminate()
  const seen = new Set<string>()
  while (!isPublished) {
    const { status, body } = await it.ask('/timestamp')
    if (!isPublished) seen.add(`${status} ${body.subarray(0, 3)}`)
  }
  await published
  assert.deepEqual([...seen], ['200 old'])
  for (let n = 0; n < MANY; n++) {
    assert.equal((await it.ask('/timestamp')).body.subarray(0, 3).toString(), 'new')
  }
})

test('a thread that ends is told of and replaced, and what it had counted is forgotten', async () => {
  await using it = await workersWorld({ connectionsPerAddressMax: MANY })
  const sockets = await opened(it, MANY)
  await it.workers.threads[0]?.terminate()
  await eventually(() => it.faults.length > 0)
  assert.match(it.faults.join('\n'), /^web thread 1 ended \(.*\) and is started again$/)
  await eventually(() => sockets.some((socket) => socket.destroyed))
  assert.ok(sockets.some((socket) => !socket.destroyed))
  await it.workers.publish(dated(it.snapshot, 'after'))
  for (let n = 0; n < MANY; n++) {
    const { status, body } = await it.ask('/timestamp')
    assert.equal(`${status} ${body.subarray(0, 5)}`, '200 after')
  }
})

test('what is limited is counted over all threads', async () => {
  await using it = await workersWorld({
    connectionsPerAddressMax: MANY + 2,
    limits: {
      loops: { wholesAnHour: 3, retryAfterMax: 900 },
      speeds: { database: 500_000 },
      answersMax: { database: 2 },
    },
  })
  const agent = 'User-Agent: ClamAV/1.4.6 (UUID: fd49bb29-8689-41b4-bef4-067a5557e6db)'
  const wholes: number[] = []
  for (let n = 0; n < MANY; n++) wholes.push((await it.ask('/acme.ndb', agent)).status)
  assert.deepEqual(
    wholes.map((status) => Number(status === 200)).reduce((sum, one) => sum + one),
    3,
  )
  const slow = [connect(it.port, it.host), connect(it.port, it.host)]
  for (const socket of slow) {
    socket.write('GET /daily.cvd HTTP/1.1\r\n\r\n')
    await once(socket, 'data', { signal })
  }
  const busy = await Promise.all(Array.from({ length: 12 }, () => it.ask('/daily.cvd')))
  assert.deepEqual(new Set(busy.map(({ status }) => status)), new Set([503]))
  const sockets = await opened(it, MANY)
  assert.equal((await it.ask('/timestamp')).status, 503)
  for (const socket of [...slow, ...sockets]) socket.destroy()
  await eventually(async () => (await it.ask('/timestamp')).status === 200)
  await eventually(async () => (await it.ask('/main.cvd')).status === 200)
})

test('each request is logged once, and the pages behind the login are those of one place', async () => {
  const asked: string[] = []
  const page = (path: string) => {
    asked.push(path)
    return { contentType: 'text/plain', body: `page ${asked.length}` }
  }
  await using it = await workersWorld({ guarded: { user: 'm', password: 'p', page } })
  const login = `Authorization: Basic ${Buffer.from('m:p').toString('base64')}`
  const answers = await Promise.all(
    Array.from({ length: MANY }, (_, n) => it.ask(`/local_stats/${n}`, login)),
  )
  assert.equal(new Set(answers.map(({ body }) => body.toString())).size, MANY)
  assert.equal((await it.ask('/local_stats/')).status, 401)
  await eventually(() => it.logged().length === MANY + 1)
  const targets = it.logged().map(({ target }) => target)
  assert.equal(new Set(targets).size, MANY + 1)
})

test('a place that somebody else has is not shared with him', async () => {
  await using it = await workersWorld()
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  assert.ok(address !== null && typeof address === 'object')
  const taken = it.workers.http({ host: '127.0.0.1', port: address.port })
  await assert.rejects(taken, { code: 'cannot-listen' })
  other.close()
  await using second = await Workers.start(2, {
    localFolder: '/nonexistent',
    onLines: () => {},
    onFault: () => {},
  })
  await assert.rejects(second.http(it), { code: 'cannot-listen' })
})

test('who is being answered when a port is left has all of it, from either thread', async () => {
  await using it = await workersWorld({ limits: { speeds: { database: 6_000_000 } } })
  const fetched = Array.from({ length: 12 }, () => it.ask('/daily.cvd'))
  await eventually(
    async () => it.logged().length === 0 && (await it.ask('/timestamp')).status === 200,
  )
  await wait(100)
  await it.listener.drain()
  for (const { body } of await Promise.all(fetched)) assert.ok(body.equals(BIG))
  const socket = connect(it.port, it.host)
  await assert.rejects(once(socket, 'connect', { signal }), { code: 'ECONNREFUSED' })
})
