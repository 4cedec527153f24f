import type { Serial } from '#base/names.ts'
import { type EpochMs, epochMs } from '#base/time.ts'
import { ANNOUNCE_POLICY } from '#core/announce/index.ts'
import {
  firstLookAt,
  judgeObserver,
  nextLookAt,
  type Observer,
  type Sight,
} from '#core/health/index.ts'
import { Agenda } from './agenda.ts'
import type { NetworkNews } from './news.ts'
import type { MonitorWorld } from './options.ts'
import type { WatchList } from './watch-list.ts'

interface Place {
  readonly name: string
  readonly address: string
}

/** Others that are looked at when one fails: if they fail too, it is rather us. */
const CONTROLS = 4
/** No appointment, but a look that will make one. */
const UNDER_WAY = epochMs(Number.POSITIVE_INFINITY)
/** Looks at the own line are not repeated within this time. */
const OWN_LINE_FRESH_MS = 10_000

/** Looks at every address of every mirror once a round, in random order, and sooner where one is in doubt. */
export class Lookout {
  readonly #world: MonitorWorld
  readonly #list: WatchList
  readonly #news: NetworkNews
  readonly #onLook: (isUrgent: boolean) => void
  readonly #agenda = new Agenda<Place>()
  readonly #planned = new Map<string, EpochMs>()
  readonly #active = new Set<Promise<void>>()
  #ownLine: { readonly at: EpochMs; readonly cut: string | undefined } | undefined
  looks = 0

  /** `onLook` hears when a look has ended, and whether an address came or went by it. */
  constructor(
    world: MonitorWorld,
    list: WatchList,
    news: NetworkNews,
    onLook: (isUrgent: boolean) => void,
  ) {
    this.#world = world
    this.#list = list
    this.#news = news
    this.#onLook = onLook
  }

  /** Gives every address that has no appointment one. Called when the registry changed. */
  plan(): void {
    const { clock, health, draw } = this.#world
    const now = clock.now()
    for (const { name, address } of this.#list.addresses()) {
      if (!this.#planned.has(`${name} ${address}`)) {
        this.#appoint({ name, address }, firstLookAt(now, health, draw))
      }
    }
  }

  /** After a step of the clock all appointments are wrong. They are made anew, over a round. */
  spread(): void {
    const { clock, health, draw } = this.#world
    const now = clock.now()
    for (const [key, at] of this.#planned) {
      const [name = '', address = ''] = key.split(' ')
      if (at !== UNDER_WAY) this.#appoint({ name, address }, firstLookAt(now, health, draw))
    }
  }

  /** Mirrors without the newest release are about to get it: they are looked at soon, a little apart. */
  hurry(): void {
    const { clock, health, draw } = this.#world
    const now = clock.now()
    for (const place of this.#list.addresses()) {
      const known = this.#list.address(place.name, place.address)
      const planned = this.#planned.get(`${place.name} ${place.address}`)
      if (planned === UNDER_WAY) continue
      // One that was never looked at may be among those that decide on the announcement.
      const isOfInterest = known?.isUp === true && this.#isAwaited(known.lastGood?.serial, now)
      if (known !== undefined && !isOfInterest) continue
      const soon = epochMs(now + Math.floor(draw() * health.confirmMs))
      if (planned === undefined || soon < planned) this.#appoint(place, soon)
    }
  }

  /** Whether the newest release should reach a mirror with `serial` any minute. */
  #isAwaited(serial: Serial | undefined, now: EpochMs): boolean {
    const { waiting } = this.#news
    if (waiting === undefined || serial === undefined || serial >= waiting.serial) return false
    return now - waiting.since < ANNOUNCE_POLICY.patienceMs
  }

  /** When there is something to do; undefined while as many look as may. */
  get nextAt(): EpochMs | undefined {
    return this.#active.size >= this.#world.looksAtOnce ? undefined : this.#agenda.nextAt
  }

  /** Starts what is due. */
  start(signal: AbortSignal): void {
    while (this.#active.size < this.#world.looksAtOnce) {
      const now = this.#world.clock.now()
      const place = this.#agenda.takeDue(now)
      if (place === undefined) return
      const key = `${place.name} ${place.address}`
      // It was brought forward since, or is no longer there.
      if ((this.#planned.get(key) ?? UNDER_WAY) > now) continue
      if (!this.#list.has(place.name, place.address)) {
        this.#planned.delete(key)
        continue
      }
      this.#planned.set(key, UNDER_WAY)
      const look = this.#look(place, signal).then((isUrgent) => {
        this.#active.delete(look)
        this.#onLook(isUrgent)
      })
      this.#active.add(look)
    }
  }

  async rest(): Promise<void> {
    await Promise.all(this.#active)
  }

  /** What the observer can say about himself by what he saw lately. */
  observer(): Observer {
    const { clock, health } = this.#world
    const now = clock.now()
    const own = this.#ownLine
    if (own?.cut !== undefined && now - own.at < health.confirmMs) {
      return { kind: 'cut', reason: own.cut }
    }
    return judgeObserver(this.#list.healths(), now, health)
  }

  /** True when the address came or went by it, or is new. */
  async #look(place: Place, signal: AbortSignal): Promise<boolean> {
    const { check, clock, hostsOf, health, draw } = this.#world
    const { name, address } = place
    const record = this.#list.record(name)
    if (record === undefined) return false
    const target = { name, address, port: record.httpPort, hosts: hostsOf(record) }
    try {
      const sight = await check.look(target, this.#news.references, signal)
      if (sight.kind === 'bad') await this.#checkOwnLine(signal)
      return this.#fold(place, sight)
    } catch (error) {
      if (signal.aborted) return false
      const words = error instanceof Error ? error.message : String(error)
      this.#world.onEvent(`cannot look at ${name}: ${words}`)
      this.#appoint(place, nextLookAt(undefined, clock.now(), health, draw))
      return false
    }
  }

  #fold(place: Place, sight: Sight): boolean {
    const { clock, health, draw } = this.#world
    const { name, address } = place
    const at = clock.now()
    const isBad = sight.kind === 'bad'
    const before = this.#list.address(name, address)
    const wasUp = before?.isUp === true
    const isBlind = isBad && wasUp && this.observer().kind !== 'fine'
    this.#list.fold(name, { address, at, sight }, { newest: this.#news.newest, isBlind })
    this.looks += 1
    if (isBad && wasUp && !isBlind) this.#bringForward(place, at)
    const own = this.#list.address(name, address)
    const next = nextLookAt(isBlind ? undefined : own, at, health, draw)
    const isAwaited = sight.kind === 'good' && this.#isAwaited(sight.serial, at)
    this.#appoint(place, isAwaited ? epochMs(Math.min(next, at + health.confirmMs)) : next)
    return own?.isUp !== before?.isUp
  }

  #appoint(place: Place, at: EpochMs): void {
    this.#planned.set(`${place.name} ${place.address}`, at)
    this.#agenda.add(at, place)
  }

  /** Some others, by chance, that were not looked at just now. */
  #bringForward(inDoubt: Place, now: EpochMs): void {
    const { draw, health } = this.#world
    const keys = [...this.#planned.keys()]
    const start = Math.floor(keys.length * draw())
    let brought = 0
    for (let step = 0; step < keys.length && brought < CONTROLS; step += 1) {
      const [name = '', address = ''] = keys[(start + step) % keys.length]?.split(' ') ?? []
      const { triedAt, isUp = false } = this.#list.address(name, address) ?? {}
      if (name === inDoubt.name || !isUp) continue
      if (this.#planned.get(`${name} ${address}`) === UNDER_WAY) continue
      if (triedAt !== undefined && now - triedAt < health.confirmMs) continue
      this.#appoint({ name, address }, now)
      brought += 1
    }
  }

  async #checkOwnLine(signal: AbortSignal): Promise<void> {
    const now = this.#world.clock.now()
    if (this.#ownLine !== undefined && now - this.#ownLine.at < OWN_LINE_FRESH_MS) return
    const cut = await this.#world.checkOwnLine(signal)
    this.#ownLine = { at: now, cut }
  }
}
