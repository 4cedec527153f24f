import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Serial } from '#base/names.ts'
import { type EpochMs, epochMs, toSeconds } from '#base/time.ts'
import { forceUpdate } from '#roles/master/forced-update.ts'
import type { FoundPeer } from '#roles/master/peers.ts'
import { dice } from '#sim/index.ts'
import { contentOf } from '../support/publish-release.ts'
import { aMaster } from '../support/records.ts'
import { type MastersWorld, makeMaster, type StoryMaster, UPDATE_EVERY_MS } from './story-master.ts'

const NAMES = ['rsync1', 'rsync2']
/** Disks take real time, in which the story's clock goes on in such steps. */
const STEP_MS = 250
const STEPS_MAX = 20_000

/**
 * Two real masters on one store and one clock: desks, publishers, pushers, the six-hourly run and their trees on disk are
 * those of the role; the lines between them and to the mirrors are simulated.
 */
export class Masters implements AsyncDisposable {
  /** They do not reach each other; the store and the mirrors they do. */
  areSplit = false
  /** Releases that no mirror would have. */
  readonly spoiled = new Set<number>()
  readonly #world: MastersWorld
  readonly #all = new Map<string, StoryMaster>()
  /** Dice of its own: how long a disk takes must not change who comes first. */
  readonly #order = dice(1)
  readonly #stop = new AbortController()
  readonly #pushes = new Set<Promise<void>>()
  #updateAt: EpochMs
  #folder = ''

  private constructor(world: MastersWorld) {
    this.#world = world
    this.#updateAt = epochMs(world.clock.now() + UPDATE_EVERY_MS)
  }

  static async open(world: MastersWorld): Promise<Masters> {
    const masters = new Masters(world)
    masters.#folder = await mkdtemp(join(tmpdir(), 'cvdnet-story-'))
    for (const name of NAMES) masters.#all.set(name, await masters.#make(name))
    return masters
  }

  /** The forced updates that are due until then; who comes first is drawn. */
  async turnTo(at: EpochMs): Promise<void> {
    const { clock } = this.#world
    while (this.#updateAt <= at) {
      const due = this.#updateAt
      this.#updateAt = epochMs(due + UPDATE_EVERY_MS)
      await clock.turnTo(epochMs(Math.max(due, clock.now())))
      const masters = [...this.#all.values()]
      for (const { update } of this.#order() < 0.5 ? masters : masters.toReversed()) {
        await this.#finish(forceUpdate(update, this.#stop.signal))
        await this.#catchUp()
      }
    }
    await clock.turnTo(epochMs(Math.max(at, clock.now())))
  }

  /** Each of these publishes and pushes, all at the same time. */
  async release(names: readonly string[], { isSpoiled = false } = {}): Promise<void> {
    await this.#finish(
      Promise.all(
        names.map(async (name) => {
          const master = this.#master(name)
          const serial = await this.#publish(master)
          if (isSpoiled) this.spoiled.add(serial)
          const push: Promise<void> = master.desk
            .pushCurrent()
            .finally(() => this.#pushes.delete(push))
          this.#pushes.add(push)
        }),
      ),
    )
    await this.#catchUp()
  }

  published(name: string): number | undefined {
    return this.#master(name).releases.published?.release.serial
  }

  #master(name: string): StoryMaster {
    const master = this.#all.get(name)
    if (master === undefined) throw new Error(`Cannot find master "${name}"`)
    return master
  }

  async #publish({ name, folder, publisher }: StoryMaster): Promise<Serial> {
    const { clock, onEvent } = this.#world
    const say = (line: string) => onEvent(`${name}: ${line}`)
    return await publisher.alone(
      async () => {
        const serial = await publisher.nextSerial()
        const { release, incoming } = await contentOf(folder, serial)
        await publisher.publish({ ...release, publishedAt: toSeconds(clock.now()) }, incoming)
        return serial
      },
      say,
      this.#stop.signal,
    )
  }

  /** As each master does every ten seconds; one that cannot now does it another time. */
  async #catchUp(): Promise<void> {
    for (const { publisher } of this.#all.values()) {
      await this.#finish(publisher.catchUp().catch(() => false))
    }
  }

  async #finish<T>(work: Promise<T>): Promise<T> {
    const { clock } = this.#world
    let isOver = false
    const over = () => {
      isOver = true
    }
    work.then(over, over)
    for (let step = 0; step < STEPS_MAX; step += 1) {
      await setTimeout(1)
      if (isOver) return await work
      await clock.turnTo(epochMs(clock.now() + STEP_MS))
    }
    throw new Error('Cannot go on: a master does not come to an end')
  }

  /** What the other says of itself, when it can be reached. */
  #sight(name: string): FoundPeer {
    const master = aMaster(name)
    const sight = { name, isOut: false, master }
    const there = this.#master(name).releases.published
    if (this.areSplit || there === undefined) {
      return { ...sight, serial: undefined, word: undefined, reason: 'no route to host' }
    }
    const { release, generation } = there
    const word = { name, serial: release.serial, generation }
    return { ...sight, serial: release.serial, word, reason: undefined }
  }

  async #make(name: string): Promise<StoryMaster> {
    return await makeMaster(name, {
      ...this.#world,
      folder: join(this.#folder, name),
      others: NAMES.filter((one) => one !== name),
      sight: (other) => this.#sight(other),
      treeOf: (other) => this.#master(other).releases.published,
      isSpoiled: ({ serial }) => this.spoiled.has(serial),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('The story is over'))
    for (const { pusher } of this.#all.values()) await pusher[Symbol.asyncDispose]()
    await Promise.allSettled(this.#pushes)
    await rm(this.#folder, { recursive: true, force: true })
  }
}
