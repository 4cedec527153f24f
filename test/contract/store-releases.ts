import assert from 'node:assert/strict'
import { epochMs } from '#base/time.ts'
import { aHead, anEntry } from '../support/records.ts'
import { aGeneration, aSerial } from '../support/values.ts'
import { type Claim, faultOf, NOW, sure, verbs } from './store-world.ts'

export function releaseClaims(claim: Claim): void {
  claim('numbers grow, and two handles never get the same', async (world) => {
    await using one = await world.open()
    await using two = await world.open()
    const given = await Promise.all(
      Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? one : two).releases.reserveSerial()),
    )
    assert.equal(new Set(given).size, 40)
    assert.ok((await one.releases.reserveSerial()) > Math.max(...given))
    const generations = [
      await one.releases.reserveGeneration(),
      await two.releases.reserveGeneration(),
    ]
    assert.ok((generations[1] ?? 0) > (generations[0] ?? 0))
  })

  // A store that was restored from a backup has forgotten numbers that are public.
  claim('numbers are above what the caller knows and above what was committed', async (world) => {
    await using store = await world.open()
    assert.equal(await store.releases.reserveSerial(aSerial(41)), 42)
    sure(await store.releases.commit(aHead(50, 60), undefined))
    assert.equal(await store.releases.reserveSerial(aSerial(3)), 51)
    assert.equal(await store.releases.reserveGeneration(), 61)
  })

  claim(
    'the head is what was committed last, and one that was overtaken is refused',
    async (world) => {
      await using one = await world.open()
      await using two = await world.open()
      const [none, five, six] = [undefined, aGeneration(5), aGeneration(6)]
      assert.equal(await one.releases.head(), undefined)
      assert.deepEqual(faultOf(await one.releases.commit(aHead(3, 5), five)), {
        kind: 'overtaken',
        serial: undefined,
        generation: undefined,
      })
      sure(await one.releases.commit(aHead(3, 5), none, anEntry('published')))
      assert.deepEqual(await two.releases.head(), aHead(3, 5))
      const overtaken = { kind: 'overtaken', serial: 3, generation: 5 }
      assert.deepEqual(
        faultOf(await two.releases.commit(aHead(4, 6), none, anEntry('no'))),
        overtaken,
      )
      assert.deepEqual(
        faultOf(await two.releases.commit(aHead(4, 5), five, anEntry('no'))),
        overtaken,
      )
      assert.deepEqual(
        faultOf(await two.releases.commit(aHead(2, 6), five, anEntry('no'))),
        overtaken,
      )
      sure(await two.releases.commit(aHead(3, 6, 'rsync2'), five))
      sure(await two.releases.commit(aHead(7, 9), six))
      assert.deepEqual(await one.releases.history(9), [aHead(7, 9), aHead(3, 6, 'rsync2')])
      assert.equal((await one.releases.history(1)).length, 1)
      assert.deepEqual(await verbs(one), ['published'])
    },
  )

  // The later one does not know what the first one added, and would drop it.
  claim(
    'of two masters that commit at once over the same head, one is overtaken',
    async (world) => {
      await using one = await world.open()
      await using two = await world.open()
      sure(await one.releases.commit(aHead(1, 1), undefined))
      const both = await Promise.all([
        one.releases.commit(aHead(2, 2, 'rsync1'), aGeneration(1)),
        two.releases.commit(aHead(3, 3, 'rsync2'), aGeneration(1)),
      ])
      assert.equal(both.filter(({ ok }) => ok).length, 1)
    },
  )

  claim('what is announced is a release that is known, and is never lowered', async (world) => {
    await using store = await world.open()
    const { releases } = store
    assert.equal(await releases.announced(), undefined)
    assert.deepEqual(faultOf(await releases.announce(aSerial(1), NOW)), { kind: 'unknown-release' })
    for (const n of [1, 2, 3]) {
      sure(await releases.commit(aHead(n, n), n === 1 ? undefined : aGeneration(n - 1)))
    }
    sure(await releases.announce(aSerial(2), NOW, anEntry('announced')))
    sure(await releases.announce(aSerial(2), epochMs(NOW + 1), anEntry('announced again')))
    assert.deepEqual(await releases.announced(), { serial: 2, at: NOW })
    assert.deepEqual(faultOf(await releases.announce(aSerial(1), NOW)), {
      kind: 'overtaken',
      serial: 2,
    })
    sure(await releases.announce(aSerial(3), NOW))
    assert.equal((await releases.announced())?.serial, 3)
    assert.deepEqual(await verbs(store), ['announced'])
  })
}

export function journalClaims(claim: Claim): void {
  claim('the journal gives the newest first, page by page, also of one subject', async (world) => {
    await using store = await world.open()
    await store.journal.append(anEntry('one'))
    await store.journal.appendAll([anEntry('two', { subject: 'acme' }), anEntry('three')])
    const page = await store.journal.read({ limit: 2 })
    assert.deepEqual(
      page.map(({ what }) => what),
      ['three', 'two'],
    )
    const { id, ...rest } = page[0] ?? assert.fail('an entry')
    assert.deepEqual(rest, anEntry('three'))
    const next = await store.journal.read({ limit: 2, before: page[1]?.id ?? id })
    assert.deepEqual(
      next.map(({ what }) => what),
      ['one'],
    )
    const mirror = await store.journal.read({ limit: 9, subject: 'mirror1' })
    assert.deepEqual(
      mirror.map(({ what }) => what),
      ['three', 'one'],
    )
  })

  // What an operator or a mirror typed is in it.
  claim('the journal takes any text', async (world) => {
    await using store = await world.open()
    const words = `nul \0 half \ud83d quote ' " emoji 🦪 line\n; DROP TABLE journal`
    await store.journal.append(
      anEntry('said', { subject: words, why: [words, 'x'.repeat(100_000)] }),
    )
    const [entry] = await store.journal.read({ limit: 1 })
    assert.match(entry?.subject ?? '', /quote ' " emoji 🦪 line\n; DROP/)
    assert.equal(entry?.why[1]?.length, 100_000)
  })
}
