import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolders, removeLeftovers, writeFileAtomic } from '#adapters/disk/index.ts'
import { epochSeconds, toSeconds } from '#base/time.ts'
import {
  alarmsOf,
  describeAlarm,
  parseSnapshotOf,
  printSnapshot,
  refusedAnnouncement,
  succeed,
  type ZoneSnapshot,
} from '#core/zone/index.ts'
import { StoreError } from '#ports/store.ts'
import type { DnsOptions } from './options.ts'

/** A snapshot that only says "this still holds" is written so seldom. */
const CONFIRMATION_SECONDS = 600

type KeeperOptions = Pick<
  DnsOptions,
  'zone' | 'source' | 'lastSnapshot' | 'policy' | 'clock' | 'onEvent'
>

/**
 * The snapshot that is answered from: taken over one by one, on disk before it is answered, so that a start after a crash
 * never tells an older version than was told before.
 */
export class SnapshotKeeper {
  readonly #options: KeeperOptions
  #current: ZoneSnapshot | undefined
  #written: ZoneSnapshot | undefined
  #alarms = ''
  #isAlone = false

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  get current(): ZoneSnapshot | undefined {
    return this.#current
  }

  /** What an earlier run left. A file that cannot be used is told, and the source waited for. */
  async load(): Promise<ZoneSnapshot | undefined> {
    const { lastSnapshot: file, zone, clock, onEvent } = this.#options
    await removeLeftovers(dirname(file), clock.now()).catch((error: Error) =>
      onEvent(error.message),
    )
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) return undefined
    const parsed = parseSnapshotOf(zone, text)
    if (!parsed.ok) {
      onEvent(`cannot use the last snapshot "${file}": ${parsed.fault.reason}`)
      return undefined
    }
    this.#written = parsed.value
    this.#current = parsed.value
    return this.#current
  }

  /** Returns what is to be answered from now on: what was before while nobody can say which serial the new one has. */
  async take(offered: ZoneSnapshot): Promise<ZoneSnapshot | undefined> {
    const { policy, clock, onEvent } = this.#options
    // Nobody vouches for times to come: a file with a date of the next year must not keep the record young for a year.
    const heardAt = epochSeconds(Math.min(offered.heardAt, toSeconds(clock.now())))
    const next = { ...offered, heardAt, policy: policy(offered.policy) }
    const refused = refusedAnnouncement(this.#current, next)
    if (refused !== undefined) onEvent(`ALARM: ${describeAlarm(refused)}`)
    const taken = await this.#numbered(succeed(this.#current, next))
    if (taken === undefined) return this.#current
    await this.#write(taken)
    this.#current = taken
    this.tellAlarms()
    return taken
  }

  /** Says what is wrong when that changes, and when nothing is any more. */
  tellAlarms(): readonly string[] {
    const { clock, onEvent } = this.#options
    if (this.#current === undefined) return []
    const alarms = alarmsOf(this.#current, toSeconds(clock.now()))
    const kinds = alarms.map((alarm) => JSON.stringify({ ...alarm, seconds: 0 })).join()
    const words = alarms.map(describeAlarm)
    if (kinds !== this.#alarms) {
      for (const line of words) onEvent(`ALARM: ${line}`)
      if (words.length === 0) onEvent('the zone is well again')
    }
    this.#alarms = kinds
    return words
  }

  async #numbered(next: ZoneSnapshot): Promise<ZoneSnapshot | undefined> {
    const { source, onEvent } = this.#options
    try {
      const serial = await source.agreeOn?.(next, this.#current)
      if (this.#isAlone) onEvent('the serial is agreed on again')
      this.#isAlone = false
      return serial === undefined ? next : { ...next, serial }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      if (!this.#isAlone) onEvent(`what was answered last stays: ${error.message}`)
      this.#isAlone = true
      return undefined
    }
  }

  /** A disk that is full must not keep clients from the truth: it is told, and answered all the same. */
  async #write(snapshot: ZoneSnapshot): Promise<void> {
    const { lastSnapshot: file, onEvent } = this.#options
    if (this.#written !== undefined && isConfirmation(this.#written, snapshot)) return
    try {
      await makeFolders(dirname(file), 0o700)
      await writeFileAtomic(file, printSnapshot(snapshot), { mode: 0o600 })
      this.#written = snapshot
    } catch (error) {
      onEvent(`cannot keep the snapshot: ${error instanceof Error ? error.message : error}`)
    }
  }
}

function isConfirmation(written: ZoneSnapshot, next: ZoneSnapshot): boolean {
  const { heardAt } = next
  if (heardAt - written.heardAt >= CONFIRMATION_SECONDS) return false
  return printSnapshot({ ...written, heardAt }) === printSnapshot(next)
}
