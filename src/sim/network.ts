import {
  type DbName,
  type DbVersion,
  type Generation,
  generation,
  type Serial,
  serial,
} from '#base/names.ts'
import { type EpochMs, toSeconds } from '#base/time.ts'
import type { Sight } from '#core/health/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { CheckTarget, MirrorCheck, References } from '#ports/mirror-check.ts'

/** What a simulated mirror carries. */
export interface Stamp {
  readonly serial: Serial
  readonly generation: Generation
  readonly stampedAt: EpochMs
  /** Of its databases, where a story has any. */
  readonly versions?: ReadonlyMap<DbName, DbVersion>
}

export interface SimMirror {
  readonly name: string
  /** Addresses that answer nobody. */
  readonly dead: Set<string>
  /** No push reaches it any more: it rots. */
  isRotting: boolean
  /** Answers for `up` and then is silent for `down`, in milliseconds, over and over. */
  flap: { readonly upMs: number; readonly downMs: number; readonly from: EpochMs } | undefined
  /** Takes everything: another server answers in its place. */
  isPortal: boolean
  /** How long its sync takes, in milliseconds. */
  syncMs: number
  stamp: Stamp
}

/** A small release over a good line. */
const SYNC_MS = 2000

export const NO_STAMP: Stamp = start()

/** Mirrors, and the lines to them, as the simulated monitor and masters meet them. */
export class SimNetwork implements MirrorCheck {
  readonly mirrors = new Map<string, SimMirror>()
  /** The monitor's own line. */
  isCut = false
  readonly #clock: Clock
  readonly #observer: Clock

  /** `observer` is the clock of the machine that looks. */
  constructor(clock: Clock, observer: Clock) {
    this.#clock = clock
    this.#observer = observer
  }

  add(name: string): SimMirror {
    const mirror: SimMirror = {
      name,
      dead: new Set(),
      isRotting: false,
      flap: undefined,
      isPortal: false,
      syncMs: SYNC_MS,
      stamp: NO_STAMP,
    }
    this.mirrors.set(name, mirror)
    return mirror
  }

  /** A push reaches every mirror that can be reached and syncs. */
  push(stamp: Stamp): void {
    for (const mirror of this.mirrors.values()) {
      if (this.isPushable(mirror)) mirror.stamp = stamp
    }
  }

  /** Whether a master gets through to it now. */
  isPushable(mirror: SimMirror): boolean {
    return !mirror.isRotting && mirror.dead.size === 0 && !this.#isAsleep(mirror)
  }

  async look(target: CheckTarget, _references: References, signal: AbortSignal): Promise<Sight> {
    await null
    signal.throwIfAborted()
    const mirror = this.mirrors.get(target.name)
    const isSilent = mirror === undefined || mirror.dead.has(target.address)
    if (isSilent || this.isCut || this.#isAsleep(mirror)) {
      return bad('unreachable', `connect to ${target.address}: no answer`)
    }
    if (mirror.isPortal) return bad('no-timestamp', 'GET /timestamp: what is there is none')
    const { serial, generation, stampedAt } = mirror.stamp
    const skewMs = this.#clock.now() - this.#observer.now()
    const numbers = { serial, generation, stampedAt: toSeconds(stampedAt) }
    return { kind: 'good', ...numbers, tookMs: 20, skewMs }
  }

  #isAsleep({ flap }: SimMirror): boolean {
    if (flap === undefined) return false
    return (this.#clock.now() - flap.from) % (flap.upMs + flap.downMs) >= flap.upMs
  }
}

function bad(fault: Extract<Sight, { kind: 'bad' }>['fault'], reason: string): Sight {
  return { kind: 'bad', fault, reason }
}

function start(): Stamp {
  const [first, zero] = [serial(0), generation(0)]
  if (first === undefined || zero === undefined) throw new Error('Cannot start at zero')
  return { serial: first, generation: zero, stampedAt: 0 as EpochMs }
}
