import assert from 'node:assert/strict'
import { aHead, aMirror, anEntry, someHealth, someSerials } from '../support/records.ts'
import { eventually } from '../support/run.ts'
import { type Claim, listen, MINUTE, NOW, rejects, sure } from './store-world.ts'

export function watchClaims(claim: Claim): void {
  claim('whoever watches hears of what another handle changed, part by part', async (world) => {
    await using one = await world.open()
    await using two = await world.open()
    const heard = listen(two)
    await heard.quiet()
    sure(await one.registry.mirrors.put('m', aMirror('m'), undefined))
    await heard.until('registry')
    sure(await one.registry.health.put('m', someHealth(), undefined))
    await heard.until('health')
    sure(await one.releases.commit(aHead(1, 1), undefined))
    await heard.until('releases')
    await one.journal.append(anEntry('said'))
    await heard.until('journal')
    await one.jobs.enqueue({ queue: 'q', key: 'k', dueAt: NOW, body: '' })
    await heard.until('jobs')
    sure(await one.serials.put('clamav.example', someSerials(1), undefined))
    await heard.until('serials')
    await heard.quiet()
    sure(await one.registry.health.put('n', someHealth(), undefined))
    await heard.until('health')
    assert.ok(
      !heard.parts.has('registry'),
      'a round of the monitor wakes only those who watch health',
    )
    heard.stop()
  })

  claim(
    'whoever watches hears of his own handle, and of nothing any more once he stopped',
    async (world) => {
      await using store = await world.open()
      const heard = listen(store)
      await heard.quiet()
      await store.journal.append(anEntry('said'))
      await heard.until('journal')
      await heard.quiet()
      heard.stop()
      const other = listen(store)
      await store.journal.append(anEntry('said'))
      await other.until('journal')
      assert.deepEqual([...heard.parts], [])
      other.stop()
    },
  )
}

export function faultClaims(claim: Claim): void {
  claim(
    'a store that is away says so, and is used again when it is back, with all that it had',
    async (world) => {
      await using store = await world.open()
      sure(await store.registry.mirrors.put('m', aMirror('m'), undefined))
      const heard = listen(store)
      await heard.quiet()
      await world.takeAway()
      await rejects(store.registry.mirrors.list(), 'away')
      await rejects(store.registry.mirrors.put('n', aMirror('n'), undefined), 'away')
      await rejects(store.releases.reserveSerial(), 'away')
      await rejects(store.journal.append(anEntry('said')), 'away')
      await rejects(store.jobs.lease('l', 'a', MINUTE, NOW), 'away')
      await world.bringBack()
      assert.deepEqual(
        (await eventually(() => store.registry.mirrors.list())).map(({ name }) => name),
        ['m'],
      )
      await using other = await world.open()
      sure(await other.registry.mirrors.put('n', aMirror('n'), undefined))
      await heard.until('registry')
      heard.stop()
    },
  )

  claim('a store that is away can be opened, and is used when it is there', async (world) => {
    await using before = await world.open()
    sure(await before.registry.mirrors.put('m', aMirror('m'), undefined))
    await before[Symbol.asyncDispose]()
    await world.takeAway()
    await using store = await world.open()
    await rejects(store.registry.mirrors.list(), 'away')
    await world.bringBack()
    assert.equal((await eventually(() => store.registry.mirrors.list())).length, 1)
  })

  claim(
    'a value that was changed behind its back is damage with a name, and the others are read',
    async (world) => {
      if (world.tamper === undefined) return
      await using store = await world.open()
      for (const name of ['a', 'b'])
        sure(await store.registry.mirrors.put(name, aMirror(name), undefined))
      sure(await store.releases.commit(aHead(1, 1), undefined))
      await store.journal.append(anEntry('said'))
      await world.tamper(`UPDATE records SET value = '{"name":"b"}' WHERE name = 'b'`)
      await rejects(store.registry.mirrors.get('b'), 'damaged', /mirror "b".*stage/)
      await rejects(store.registry.mirrors.list(), 'damaged', /mirror "b"/)
      assert.equal((await store.registry.mirrors.get('a'))?.name, 'a')
      await world.tamper(`UPDATE heads SET release = 'x'`)
      await rejects(store.releases.head(), 'damaged', /release 1/)
      await world.tamper(`UPDATE journal SET why = '[1]'`)
      await rejects(store.journal.read({ limit: 1 }), 'damaged', /entry \d/)
    },
  )

  claim('a store of a newer program is neither opened nor written', async (world) => {
    if (world.tamper === undefined) return
    await using store = await world.open()
    sure(await store.registry.mirrors.put('m', aMirror('m'), undefined))
    await world.tamper('UPDATE schema SET version = 1000')
    await rejects(store.journal.append(anEntry('said')), 'too-new', /1000/)
    await rejects(world.open(), 'too-new', /update cvdnet/)
  })
}
