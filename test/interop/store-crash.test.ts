import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempDisposable, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MemoryState, MemoryStore } from '#adapters/memory/index.ts'
import { openSqliteStore } from '#adapters/sqlite/index.ts'
import type { Generation, Serial } from '#base/names.ts'
import { type ReleaseStore, StoreError } from '#ports/store.ts'
import { storedMaster } from '../support/publish-stored.ts'
import { run } from '../support/run.ts'

const CHILD = join(import.meta.dirname, '..', 'support', 'publish-stored.ts')

async function publicNumbers(folder: string) {
  const stamp = await readFile(join(folder, 'current', 'timestamp'), 'utf8')
  const [, serial, generation] = /serial (\d+) generation (\d+)/.exec(stamp) ?? []
  return { serial: Number(serial), generation: Number(generation) }
}

// docs/adr/0008: the crash at every line between the store and the disk.
test('a master killed at any step of a release shows what the store has as its head, and goes on above it', async () => {
  await using base = await mkdtempDisposable(join(tmpdir(), 'cvdnet-stored-'))
  const steps: string[] = []
  {
    await using store = await openSqliteStore(join(base.path, 'whole.sqlite'))
    const whole = await storedMaster(join(base.path, 'whole'), 'rsync1', store, (step) =>
      steps.push(step),
    )
    await whole.next(1)
  }
  assert.ok(steps.includes('committed') && steps.includes('current switched'), steps.join())
  const ends = new Set<string>()
  for (const [at, step] of steps.entries()) {
    const [folder, path] = [join(base.path, `m${at}`), join(base.path, `s${at}.sqlite`)]
    await using store = await openSqliteStore(path)
    const before = await storedMaster(folder, 'rsync1', store)
    const first = await before.next(1)
    const end = spawnSync(process.execPath, [CHILD, folder, 'rsync1', path, '2', String(at)])
    assert.equal(end.signal, 'SIGKILL', `${step}: ${end.stderr}`)
    const again = await storedMaster(folder, 'rsync1', store)
    await again.publisher.settle()
    const head = await store.releases.head()
    assert.deepEqual(
      await publicNumbers(folder),
      { serial: head?.release.serial, generation: head?.generation },
      step,
    )
    const isNew = head?.release.serial !== first
    assert.equal((await store.journal.read({ limit: 9 })).length, isNew ? 2 : 1, step)
    ends.add(isNew ? 'new' : 'old')
    const trees = await readdir(join(folder, 'trees'))
    assert.ok(
      trees.every((name) => Number(name) <= (head?.generation ?? 0)),
      `${step}: ${trees.join()}`,
    )
    // The lease of the dead one is ours: it has our name.
    const next = await again.next(3)
    assert.ok(next > (head?.release.serial ?? 0), step)
    assert.equal((await publicNumbers(folder)).serial, next)
  }
  assert.deepEqual([...ends].sort(), ['new', 'old'])
})

test('of six processes that take numbers at once, none gets one that another has', async () => {
  await using base = await mkdtempDisposable(join(tmpdir(), 'cvdnet-two-'))
  const path = join(base.path, 'store.sqlite')
  const ends = await Promise.all(
    Array.from({ length: 6 }, () =>
      run(process.execPath, [join(import.meta.dirname, '..', 'support', 'reserve.ts'), path, '50']),
    ),
  )
  const given = ends.flatMap(({ status, out, err }) => {
    assert.equal(status, 0, err)
    return out.trim().split('\n')
  })
  assert.equal(given.length, 300)
  assert.equal(new Set(given).size, 300)
})

test('R105: one that has not got the other’s release refuses what is lower, and may go on with what is higher', async () => {
  await using base = await mkdtempDisposable(join(tmpdir(), 'cvdnet-turn-'))
  await using store = new MemoryStore()
  const one = await storedMaster(join(base.path, 'one'), 'rsync1', store)
  const two = await storedMaster(join(base.path, 'two'), 'rsync2', store)
  const second = await two.next(2)
  await assert.rejects(one.next(1), /rsync2 has release 1, which cannot be fetched from there now/)
  assert.ok((await one.next(3)) > second)
})

test('a store that is new, or was restored, learns what is public, and numbers go on above it', async () => {
  await using base = await mkdtempDisposable(join(tmpdir(), 'cvdnet-adopt-'))
  {
    await using store = new MemoryStore()
    const before = await storedMaster(base.path, 'rsync1', store)
    for (const n of [1, 2, 3]) await before.next(n)
  }
  await using store = new MemoryStore()
  const after = await storedMaster(base.path, 'rsync1', store)
  assert.equal(await after.next(4), 4)
  const history = await store.releases.history(9)
  assert.deepEqual(
    history.map(({ release }) => release.serial),
    [4, 3],
  )
})

test('a master that lost the files of its head raises an alarm and goes on with a higher number', async () => {
  await using base = await mkdtempDisposable(join(tmpdir(), 'cvdnet-lost-'))
  await using store = new MemoryStore()
  const before = await storedMaster(join(base.path, 'a'), 'rsync1', store)
  for (const n of [1, 2]) await before.next(n)
  const head = await store.releases.head()
  // A disk of an older day.
  const other = await storedMaster(join(base.path, 'b'), 'rsync1', new MemoryStore())
  await other.next(1)
  await rm(join(base.path, 'a'), { recursive: true })
  const after = await storedMaster(join(base.path, 'b'), 'rsync1', store)
  await after.publisher.alone(
    () => after.publisher.renew(),
    () => {},
    AbortSignal.timeout(10_000),
  )
  const [alarm] = await store.journal.read({ limit: 1 })
  assert.equal(alarm?.what, 'lost-release')
  assert.ok((after.publisher.published?.release.serial ?? 0) > (head?.release.serial ?? 0))
})

test('a commit that the store did not answer is settled when it is back', async () => {
  await using base = await mkdtempDisposable(join(tmpdir(), 'cvdnet-away-'))
  for (const happened of [true, false]) {
    const state = new MemoryState()
    await using store = new MemoryStore(state)
    const folder = join(base.path, String(happened))
    const first = await storedMaster(folder, 'rsync1', store)
    await first.next(1)
    const { jobs, journal } = store
    const releases = new CutReleases(store.releases, state, happened)
    const second = await storedMaster(folder, 'rsync1', { jobs, journal, releases })
    await assert.rejects(second.next(2), /away/)
    assert.equal((await publicNumbers(folder)).serial, 1)
    state.isAway = false
    await second.publisher.settle()
    assert.equal((await publicNumbers(folder)).serial, happened ? 2 : 1)
  }
})

/** The line is cut in the middle of the commit: before the other end did it, or after. */
class CutReleases implements ReleaseStore {
  readonly #whole: ReleaseStore
  readonly #state: MemoryState
  readonly #happens: boolean

  constructor(whole: ReleaseStore, state: MemoryState, happens: boolean) {
    this.#whole = whole
    this.#state = state
    this.#happens = happens
  }

  async commit(...args: Parameters<ReleaseStore['commit']>): ReturnType<ReleaseStore['commit']> {
    if (this.#happens) await this.#whole.commit(...args)
    this.#state.isAway = true
    throw new StoreError('away', 'hear whether it was committed')
  }

  head = () => this.#whole.head()
  history = (limit: number) => this.#whole.history(limit)
  reserveSerial = (above?: Serial) => this.#whole.reserveSerial(above)
  reserveGeneration = (above?: Generation) => this.#whole.reserveGeneration(above)
  announced = () => this.#whole.announced()
  announce = (...args: Parameters<ReleaseStore['announce']>) => this.#whole.announce(...args)
}
