import assert from 'node:assert/strict'
import type { Outcome } from '#base/outcome.ts'
import type { Revision, Store } from '#ports/store.ts'
import { SimClock } from '#sim/index.ts'
import { SharedSerials } from '../../src/roles/dns/shared-serials.ts'
import {
  aMaster,
  aMirror,
  anEntry,
  aSigmaker,
  someHealth,
  someSerials,
} from '../support/records.ts'
import { aSnapshot } from '../support/zone.ts'
import { type Claim, faultOf, NOW, rejects, sure, verbs } from './store-world.ts'

export function recordClaims(claim: Claim): void {
  claim(
    'what was put is there, for every kind and every handle, in the order of names',
    async (world) => {
      await using one = await world.open()
      await using two = await world.open()
      for (const name of ['b', 'a', 'B'])
        sure(await one.registry.mirrors.put(name, aMirror(name), undefined))
      sure(
        await one.registry.sigmakers.put(
          'acme',
          aSigmaker('acme', { databases: ['acme'] }),
          undefined,
        ),
      )
      sure(await one.registry.masters.put('rsync1', aMaster('rsync1'), undefined))
      sure(await one.registry.health.put('a', someHealth(3), undefined))
      sure(await one.serials.put('clamav.example', someSerials(7), undefined))
      const mirrors = await two.registry.mirrors.list()
      assert.deepEqual(
        mirrors.map(({ name }) => name),
        ['B', 'a', 'b'],
      )
      assert.deepEqual(mirrors[1]?.value, aMirror('a'))
      assert.deepEqual((await two.registry.sigmakers.get('acme'))?.value.databases, ['acme'])
      assert.deepEqual((await two.registry.masters.get('rsync1'))?.value, aMaster('rsync1'))
      assert.deepEqual((await two.registry.health.get('a'))?.value, someHealth(3))
      assert.deepEqual((await two.serials.get('clamav.example'))?.value, someSerials(7))
      assert.equal(await two.registry.sigmakers.get('a'), undefined)
    },
  )

  claim(
    'a write over something that changed meanwhile is refused, and says what is there',
    async (world) => {
      await using one = await world.open()
      await using two = await world.open()
      const { mirrors } = one.registry
      const first = sure(await mirrors.put('m', aMirror('m'), undefined))
      assert.deepEqual(faultOf(await two.registry.mirrors.put('m', aMirror('m'), undefined)), {
        kind: 'exists',
      })
      const second = sure(
        await two.registry.mirrors.put('m', aMirror('m', { country: 'US' }), first),
      )
      assert.ok(second > first)
      assert.deepEqual(faultOf(await mirrors.put('m', aMirror('m'), first)), {
        kind: 'changed-meanwhile',
        revision: second,
      })
      assert.deepEqual(faultOf(await mirrors.remove('m', first)), {
        kind: 'changed-meanwhile',
        revision: second,
      })
      assert.equal((await mirrors.get('m'))?.value.country, 'US')
      assert.deepEqual(faultOf(await mirrors.put('gone', aMirror('gone'), 1)), { kind: 'absent' })
    },
  )

  claim(
    'a revision does not come back with a name that was removed and added again',
    async (world) => {
      await using store = await world.open()
      const { mirrors } = store.registry
      const first = sure(await mirrors.put('m', aMirror('m'), undefined))
      sure(await mirrors.remove('m', first))
      assert.equal(await mirrors.get('m'), undefined)
      const again = sure(await mirrors.put('m', aMirror('m'), undefined))
      assert.ok(again > first)
      assert.equal((await mirrors.put('m', aMirror('m'), first)).ok, false)
    },
  )

  claim(
    'of many writers who read, decide and write again, none loses what another wrote',
    async (world) => {
      const handles = await Promise.all([world.open(), world.open(), world.open()])
      await using stack = new AsyncDisposableStack()
      for (const handle of handles) stack.use(handle)
      sure(
        await (handles[0] as Store).registry.mirrors.put(
          'm',
          aMirror('m', { bandwidthMbit: 1 }),
          undefined,
        ),
      )
      await Promise.all(handles.map((handle) => addTo(handle.registry.mirrors, 20)))
      assert.equal((await (handles[0] as Store).registry.mirrors.get('m'))?.value.bandwidthMbit, 61)
    },
  )

  claim(
    'an entry is written with its value, and not with a write that was refused',
    async (world) => {
      await using store = await world.open()
      const { mirrors } = store.registry
      const first = sure(await mirrors.put('m', aMirror('m'), undefined, anEntry('added')))
      await mirrors.put('m', aMirror('m'), undefined, anEntry('added twice'))
      await mirrors.remove('m', first + 1000, anEntry('removed too soon'))
      sure(await mirrors.remove('m', first, anEntry('removed')))
      assert.deepEqual(await verbs(store), ['removed', 'added'])
    },
  )

  claim('many writes at once are judged one by one, and written together', async (world) => {
    await using store = await world.open()
    const { health } = store.registry
    const names = Array.from({ length: 250 }, (_, at) => `m${at}`)
    const first = await health.putAll(
      names.map((name) => ({ name, value: someHealth(1), over: undefined, entry: anEntry(name) })),
    )
    assert.equal(first.filter(({ ok }) => ok).length, 250)
    assert.equal((await store.journal.read({ limit: 1000 })).length, 250)
    const second = await health.putAll(
      names.map((name, at) => ({
        name,
        value: someHealth(2),
        over: at === 7 ? 0 : sure(first[at] as Outcome<Revision, unknown>),
      })),
    )
    assert.deepEqual(
      second.flatMap(({ ok }, at) => (ok ? [] : [at])),
      [7],
    )
    const kept = await health.list()
    assert.equal(
      kept.filter(
        ({ value }) =>
          value.addresses[0]?.last.kind === 'good' && value.addresses[0].last.serial === 2,
      ).length,
      249,
    )
    assert.deepEqual(
      new Map(kept.map(({ name, revision }) => [name, revision])).get('m9'),
      sure(second[9] as Outcome<Revision, unknown>),
    )
  })

  claim(
    'of many name servers with one content one names it, and all have one serial',
    async (world) => {
      const handles = await Promise.all([world.open(), world.open(), world.open()])
      await using stack = new AsyncDisposableStack()
      for (const handle of handles) stack.use(handle)
      const clock = new SimClock(NOW)
      for (const content of [aSnapshot(), aSnapshot({ masters: [] })]) {
        const serials = await Promise.all(
          handles.map((handle) => new SharedSerials(handle, clock).agreeOn(content, undefined)),
        )
        assert.equal(new Set(serials).size, 1)
      }
      const [kept] = await (handles[0] as Store).serials.list()
      assert.equal(kept?.name, 'clamav.example')
      assert.deepEqual(
        kept.value.named.map(({ serial }) => serial),
        [NOW / 1000, NOW / 1000 + 1],
      )
    },
  )

  claim('what could not be read again is refused before it is written', async (world) => {
    await using store = await world.open()
    const { mirrors } = store.registry
    await rejects(
      mirrors.put('m', aMirror('m', { bandwidthMbit: Number.NaN }), undefined),
      'refused',
      /mirror "m".*bandwidthMbit/,
    )
    await rejects(mirrors.put('../m', aMirror('m'), undefined), 'refused', /name/)
    const twice = { name: 'm', value: aMirror('m'), over: undefined }
    await rejects(mirrors.putAll([twice, twice]), 'refused', /twice/)
    assert.deepEqual(await mirrors.list(), [])
  })
}

async function addTo(mirrors: Store['registry']['mirrors'], times: number): Promise<void> {
  for (let done = 0, tries = 0; done < times && tries < 10_000; tries += 1) {
    const read = (await mirrors.get('m')) ?? assert.fail('a mirror')
    const value = aMirror('m', { bandwidthMbit: read.value.bandwidthMbit + 1 })
    if ((await mirrors.put('m', value, read.revision)).ok) done += 1
  }
}
