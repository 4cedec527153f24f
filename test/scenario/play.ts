import assert from 'node:assert/strict'
import { parseDuration } from '#base/quantity.ts'
import type { Line } from './story.ts'
import type { World } from './world.ts'

type Deed = (world: World, words: readonly string[]) => Promise<void> | void

/** What can happen in a story. `all` and `some SHARE` stand for many mirrors. */
const DEEDS: Readonly<Record<string, Deed>> = {
  rot: (world, words) => each(world, words, (mirror) => (mirror.isRotting = true)),
  sync: (world, words) => each(world, words, (mirror) => (mirror.isRotting = false)),
  portal: (world, words) => each(world, words, (mirror) => (mirror.isPortal = true)),
  async kill(world, words) {
    const address = words[1]
    for (const name of named(world, words)) {
      const { addresses } = await world.record(name)
      for (const one of address === undefined || name !== words[0] ? addresses : [address]) {
        world.network.mirrors.get(name)?.dead.add(one)
      }
    }
  },
  heal: (world, words) =>
    each(world, words, (mirror) => {
      mirror.dead.clear()
      mirror.isPortal = false
      mirror.flap = undefined
    }),
  flap: (world, [name = '', up = '', down = '']) =>
    each(world, [name], (mirror) => {
      mirror.flap = { upMs: ms(up), downMs: ms(down), from: world.clock.now() }
    }),
  line(world, [state]) {
    world.network.isCut = state === 'cut'
  },
  store(world, [state]) {
    world.isStoreAway = state === 'away'
  },
  mail(world, [state]) {
    world.mailer.isAway = state === 'away'
  },
  master(world, [state]) {
    world.master.isStopped = state === 'stopped'
  },
  async monitor(world, [state]) {
    if (state === 'stopped') await world.stopMonitor()
    else world.startMonitor()
  },
  clock(world, [how = '']) {
    world.monitorClock.wrongByMs = how === 'right' ? 0 : Number(`${how[0]}1`) * ms(how.slice(1))
  },
  /** Of the one simulated master, or of these real ones, all at the same time. */
  release: (world, names) =>
    names.length === 0 ? world.master.release() : world.masters.release(names),
  spoil: (world, names) => world.masters.release(names, { isSpoiled: true }),
  masters(world, [state]) {
    world.masters.areSplit = state === 'split'
  },
  slow(world, [name = '', sync = '']) {
    each(world, [name], (mirror) => (mirror.syncMs = ms(sync)))
  },
  async downtime(world, [name = '', from = '', until = '', ...reason]) {
    const { downtimes } = await world.record(name)
    const planned = { from: world.at(ms(from)), until: world.at(ms(until)) }
    await world.change(name, {
      downtimes: [...downtimes, { ...planned, reason: reason.join(' ') }],
    })
  },
}

/** What can be claimed. */
const CLAIMS: Readonly<Record<string, Deed>> = {
  async answers(world, [count = '']) {
    const answers = await world.answers()
    assert.equal(answers.length, Number(count), `answers are ${answers.join(' ')}`)
  },
  async answer(world, [address = '', not]) {
    const answers = await world.answers()
    assert.equal(answers.includes(address), not !== 'not', `answers are ${answers.join(' ')}`)
  },
  /** Mirrors that carry a release. */
  carry(world, [serial = '', count = '']) {
    const mirrors = [...world.network.mirrors.values()]
    const there = mirrors.filter(({ stamp }) => stamp.serial === Number(serial))
    const all = mirrors.map(({ name, stamp }) => `${name} ${stamp.serial}`)
    assert.equal(there.length, Number(count), all.join(', '))
  },
  /** Mirrors whose timestamp is younger than that. */
  fresh(world, [age = '', count = '']) {
    const since = world.clock.now() - ms(age)
    const mirrors = [...world.network.mirrors.values()]
    const fresh = mirrors.filter(({ stamp }) => stamp.stampedAt >= since)
    assert.equal(fresh.length, Number(count), fresh.map(({ name }) => name).join(' '))
  },
  public(world, [master = '', serial = '']) {
    assert.equal(world.masters.published(master), Number(serial))
  },
  async stages(world, [stage = '', count = '']) {
    const mirrors = await world.store.registry.mirrors.list()
    const there = mirrors.filter(({ value }) => value.stage === stage).map(({ name }) => name)
    assert.equal(there.length, Number(count), `${stage} are ${there.join(' ')}`)
  },
  letters(world, [to = '', pattern = '', count = '1']) {
    const sent = world.mailer.sent.filter(
      (mail) => mail.to.startsWith(to) && regex(pattern).test(mail.subject),
    )
    const all = world.mailer.sent.map((mail) => `${mail.to} ${mail.subject}`)
    const [, relation = '', number = ''] = /^(<=)?(\d+)$/.exec(count) ?? []
    const fits = relation === '' ? sent.length === Number(number) : sent.length <= Number(number)
    assert.ok(fits, `${sent.length} of these letters:\n${all.join('\n')}`)
  },
  async announced(world, [serial = '']) {
    const announced = await world.store.releases.announced()
    assert.equal(announced?.serial, Number(serial))
    assert.equal(world.zone.announced?.serial, Number(serial))
  },
  pool(world, [tier, count = '']) {
    const pool = world.pool()
    assert.deepEqual([pool.tier, pool.names.length], [tier, Number(count)], pool.names.join(' '))
  },
  heard(world, [ago = '']) {
    const seconds = Math.floor(world.clock.now() / 1000) - world.zone.heardAt
    assert.ok(seconds <= ms(ago) / 1000, `heard ${seconds} s ago`)
  },
  async problems(world, keys) {
    const open = await world.store.notices.problems.list()
    const said = open.filter(({ value }) => value.letters.length > 0).map(({ value }) => value.key)
    assert.deepEqual(said.toSorted(), keys[0] === 'none' ? [] : keys)
  },
  /** Mirrors to which a push failed. */
  async refusals(world, [count = '']) {
    const entries = await world.store.journal.read({ limit: 1000 })
    const failed = entries.filter(({ what }) => what === 'push-failed')
    const names = new Set(failed.map(({ subject }) => subject))
    assert.equal(names.size, Number(count), [...names].join(' '))
  },
  /** Serials of all that was ever published, the newest first. */
  async serials(world, wanted) {
    const history = await world.store.releases.history(1000)
    const serials = history.map(({ release }) => String(release.serial))
    assert.deepEqual([...new Set(serials)], wanted)
    const contents = new Map(history.map(({ release }) => [release.serial, release.publishedAt]))
    for (const { release } of history)
      assert.equal(release.publishedAt, contents.get(release.serial))
  },
  async journal(world, [name = '', count = '', pattern = '/./']) {
    const entries = await world.store.journal.read({ limit: 1000, subject: name })
    const words = entries.map(({ what, why }) => `${what}: ${why.join(' ')}`)
    const found = words.filter((line) => regex(pattern).test(line))
    assert.equal(found.length, Number(count), words.join('\n'))
  },
}

export async function play(world: World, line: Line): Promise<void> {
  const { verb, words } = line
  await world.turnTo(line.atMs)
  if (verb !== 'expect') return await known(DEEDS, verb)(world, words)
  const [what = '', ...rest] = words
  if (world.network.mirrors.has(what)) return await expectStage(world, what, rest)
  await known(CLAIMS, what)(world, rest)
}

async function expectStage(
  world: World,
  name: string,
  [stage = '', because, pattern = '']: readonly string[],
): Promise<void> {
  const record = await world.record(name)
  assert.equal(record.stage, stage, `${record.stage}: ${record.stageReason}`)
  if (because === 'because') assert.match(record.stageReason, regex(pattern))
}

function known(deeds: Readonly<Record<string, Deed>>, name: string): Deed {
  const deed = deeds[name]
  if (deed === undefined) throw new Error(`Cannot do "${name}"`)
  return deed
}

function each(
  world: World,
  words: readonly string[],
  change: (mirror: NonNullable<ReturnType<World['network']['mirrors']['get']>>) => void,
): void {
  for (const name of named(world, words)) {
    const mirror = world.network.mirrors.get(name)
    if (mirror === undefined) throw new Error(`Cannot find "${name}"`)
    change(mirror)
  }
}

/** `mirror7`, `all`, or `some 30`: the first thirty. */
function named(world: World, [which = '', count = '']: readonly string[]): readonly string[] {
  const all = [...world.network.mirrors.keys()]
  if (which === 'all') return all
  return which === 'some' ? all.slice(0, Number(count)) : [which]
}

function ms(text: string): number {
  const value = parseDuration(text.replaceAll('_', ' '))
  if (value === undefined) throw new Error(`Cannot take "${text}" as a duration`)
  return value
}

function regex(text: string): RegExp {
  return new RegExp(text.slice(1, -1))
}
