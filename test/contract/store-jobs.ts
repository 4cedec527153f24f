import assert from 'node:assert/strict'
import { epochMs } from '#base/time.ts'
import { type Claim, MINUTE, NOW } from './store-world.ts'

export function leaseClaims(claim: Claim): void {
  claim('a lease has one holder until it is over, and then the next', async (world) => {
    await using one = await world.open()
    await using two = await world.open()
    const lease = { name: 'release', holder: 'a', until: NOW + MINUTE }
    assert.deepEqual(await one.jobs.lease('release', 'a', MINUTE, NOW), lease)
    assert.equal(await two.jobs.lease('release', 'b', MINUTE, NOW), undefined)
    assert.equal(await two.jobs.lease('release', 'b', MINUTE, epochMs(NOW + MINUTE - 1)), undefined)
    assert.deepEqual(await two.jobs.leases(), [lease])
    const taken = await two.jobs.lease('release', 'b', MINUTE, epochMs(NOW + MINUTE))
    assert.equal(taken?.holder, 'b')
    assert.equal(await one.jobs.lease('release', 'a', MINUTE, epochMs(NOW + MINUTE)), undefined)
  })

  claim('a lease is renewed and ended by its holder alone', async (world) => {
    await using store = await world.open()
    await store.jobs.lease('release', 'a', MINUTE, NOW)
    const renewed = await store.jobs.lease('release', 'a', MINUTE, epochMs(NOW + 1000))
    assert.equal(renewed?.until, NOW + MINUTE + 1000)
    await store.jobs.endLease('release', 'b')
    assert.equal((await store.jobs.leases()).length, 1)
    await store.jobs.endLease('release', 'a')
    assert.deepEqual(await store.jobs.leases(), [])
    assert.ok(await store.jobs.lease('release', 'b', MINUTE, NOW))
  })

  claim('a clock that goes back shortens no lease and opens none', async (world) => {
    await using store = await world.open()
    await store.jobs.lease('release', 'a', MINUTE, NOW)
    const back = epochMs(NOW - 60 * MINUTE)
    assert.equal((await store.jobs.lease('release', 'a', MINUTE, back))?.until, NOW + MINUTE)
    assert.equal(await store.jobs.lease('release', 'b', MINUTE, back), undefined)
  })

  claim('of many who ask at once one gets the lease', async (world) => {
    const handles = await Promise.all([world.open(), world.open(), world.open()])
    await using stack = new AsyncDisposableStack()
    for (const handle of handles) stack.use(handle)
    const got = await Promise.all(
      handles.map((handle, at) => handle.jobs.lease('release', `m${at}`, MINUTE, NOW)),
    )
    assert.equal(got.filter((lease) => lease !== undefined).length, 1)
  })
}

export function queueClaims(claim: Claim): void {
  const job = (key: string, dueAt = NOW, body = `{"key":"${key}"}`) => ({
    queue: 'mail',
    key,
    dueAt,
    body,
  })

  claim(
    'the first that is due is taken once, and comes back when nobody says that it is done',
    async (world) => {
      await using one = await world.open()
      await using two = await world.open()
      await one.jobs.enqueue(job('later', epochMs(NOW + 5)))
      await one.jobs.enqueue(job('first', epochMs(NOW - 5)))
      await one.jobs.enqueue({ ...job('other'), queue: 'push' })
      const first = (await two.jobs.take('mail', 'b', MINUTE, NOW)) ?? assert.fail('a job')
      assert.equal(first.key, 'first')
      assert.equal(first.body, '{"key":"first"}')
      assert.equal(first.attempts, 0)
      assert.equal(await one.jobs.take('mail', 'a', MINUTE, NOW), undefined)
      const back = await one.jobs.take('mail', 'a', MINUTE, epochMs(NOW + MINUTE))
      assert.equal(back?.key, 'first')
      assert.equal(back?.attempts, 1)
      await one.jobs.done(back ?? first)
      assert.equal((await one.jobs.take('mail', 'a', MINUTE, epochMs(NOW + MINUTE)))?.key, 'later')
      assert.equal(await one.jobs.take('mail', 'a', MINUTE, epochMs(NOW + MINUTE)), undefined)
    },
  )

  claim('of many who take at once each gets another', async (world) => {
    await using one = await world.open()
    await using two = await world.open()
    for (let at = 0; at < 20; at += 1) await one.jobs.enqueue(job(`k${at}`))
    const takes = Array.from({ length: 24 }, (_, at) =>
      (at % 2 === 0 ? one : two).jobs.take('mail', `h${at}`, MINUTE, NOW),
    )
    const keys = (await Promise.all(takes)).flatMap((taken) => taken?.key ?? [])
    assert.equal(keys.length, 20)
    assert.equal(new Set(keys).size, 20)
  })

  claim('a job that failed waits until it is due again, with its reason', async (world) => {
    await using store = await world.open()
    await store.jobs.enqueue(job('k'))
    const taken = (await store.jobs.take('mail', 'a', MINUTE, NOW)) ?? assert.fail('a job')
    assert.deepEqual(await store.jobs.waiting('mail'), [])
    await store.jobs.retry(taken, epochMs(NOW + 10), 'no route')
    const [waiting] = await store.jobs.waiting('mail')
    assert.equal(waiting?.lastReason, 'no route')
    assert.equal(waiting?.attempts, 1)
    assert.equal(await store.jobs.take('mail', 'a', MINUTE, NOW), undefined)
    assert.equal((await store.jobs.take('mail', 'a', MINUTE, epochMs(NOW + 10)))?.key, 'k')
  })

  claim(
    'a waiting job is replaced by one of the same key, and is not there twice',
    async (world) => {
      await using store = await world.open()
      await store.jobs.enqueue(job('k', NOW, '1'))
      await store.jobs.enqueue(job('k', NOW, '2'))
      assert.deepEqual(
        (await store.jobs.waiting('mail')).map(({ body }) => body),
        ['2'],
      )
    },
  )

  claim(
    'what comes while its forerunner is worked on is done after it, whichever way that ends',
    async (world) => {
      await using store = await world.open()
      await store.jobs.enqueue(job('failed', NOW, '1'))
      await store.jobs.enqueue(job('vanished', epochMs(NOW + 1), '1'))
      const failed = (await store.jobs.take('mail', 'a', MINUTE, NOW)) ?? assert.fail('a job')
      await store.jobs.take('mail', 'a', MINUTE, epochMs(NOW + 1))
      for (const key of ['failed', 'vanished']) await store.jobs.enqueue(job(key, NOW, '2'))
      await store.jobs.retry(failed, NOW, 'no route')
      const later = epochMs(NOW + 2 * MINUTE)
      const bodies: string[] = []
      for (let turn = 0; turn < 5; turn += 1) {
        const taken = await store.jobs.take('mail', 'b', MINUTE, later)
        if (taken === undefined) break
        bodies.push(`${taken.key} ${taken.body}`)
        await store.jobs.done(taken)
      }
      assert.deepEqual(bodies, ['failed 2', 'vanished 2'])
    },
  )

  claim('who took too long does not disturb who took it after him', async (world) => {
    await using store = await world.open()
    await store.jobs.enqueue(job('k'))
    const slow = (await store.jobs.take('mail', 'a', MINUTE, NOW)) ?? assert.fail('a job')
    const quick = await store.jobs.take('mail', 'b', MINUTE, epochMs(NOW + MINUTE))
    assert.equal(quick?.key, 'k')
    await store.jobs.retry(slow, NOW, 'too late')
    assert.equal(await store.jobs.take('mail', 'c', MINUTE, epochMs(NOW + MINUTE)), undefined)
  })
}
