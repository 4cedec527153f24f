import { type EpochMs, epochMs } from '#base/time.ts'
import type { Observer, StandingProblem } from '#core/health/index.ts'
import {
  type Disagreement,
  describeDisagreement,
  disagreements,
  isSerialAfter,
} from '#core/zone/index.ts'
import type { Clock } from '#ports/clock.ts'
import {
  type NameServerLook,
  NameServerLookError,
  type NameServerSight,
} from '#ports/name-server-look.ts'

/**
 * Each server makes the zone by itself and numbers it by its own clock, so numbers are compared by how they move: one that
 * has stood still for so long since another moved is behind. Changes that come with the time of day reach all in a minute.
 */
const SERIAL_LAG_MS = 5 * 60_000

export interface WatchedNameServers {
  readonly look: NameServerLook
  readonly servers: readonly { readonly host: string; readonly port: number }[]
}

interface Known {
  readonly sight: NameServerSight
  /** When the serial was seen to change, or first seen. */
  readonly movedAt: EpochMs
  readonly hasMoved: boolean
}

interface Trouble {
  readonly kind: Disagreement['kind'] | NameServerLookError['code']
  readonly words: string
}

/** Asks every name server of the zone, as a resolver would, and compares what they tell (field-notes 1.13). */
export class NameServerWatch {
  readonly #all: WatchedNameServers
  readonly #zone: string
  readonly #clock: Clock
  readonly #known = new Map<string, Known>()
  #faults: ReadonlyMap<string, NameServerLookError> = new Map()
  #troubles: ReadonlyMap<string, readonly Trouble[]> = new Map()
  #comparedAt: EpochMs | undefined
  #running: Promise<void> | undefined

  constructor(all: WatchedNameServers, zone: string, clock: Clock) {
    this.#all = all
    this.#zone = zone
    this.#clock = clock
  }

  /** Begins a round, unless one is under way: a server that is silent holds up nobody. */
  start(signal: AbortSignal): void {
    this.#running ??= this.#round(signal).finally(() => {
      this.#running = undefined
    })
  }

  async rest(): Promise<void> {
    await this.#running
  }

  /** As of the last round. While the fault is rather ours, silence is not theirs. */
  problems(observer: Observer): readonly StandingProblem[] {
    const at = this.#comparedAt
    if (at === undefined) return []
    return [...this.#troubles].flatMap(([server, all]) => {
      const troubles = all.filter(({ kind }) => kind !== 'silent' || observer.kind === 'fine')
      if (troubles.length === 0) return []
      return [
        {
          key: `name-server/${server}`,
          level: troubles.map(({ kind }) => kind).join(),
          since: at,
          title: `Name server ${server} does not tell what the others tell`,
          lines: [
            ...troubles.map(({ words }) => `${words}.`),
            'Clients that ask it may be sent to the wrong mirrors, or be told of another version. Look whether it runs and hears of changes, or take it out of the delegation.',
          ],
          mirror: undefined,
        },
      ]
    })
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { look, servers } = this.#all
    const faults = new Map<string, NameServerLookError>()
    await Promise.all(
      servers.map(async (server) => {
        const name = nameOf(server)
        try {
          this.#see(name, await look.look(server, this.#zone, signal))
        } catch (error) {
          if (signal.aborted) return
          if (!(error instanceof NameServerLookError)) throw error
          faults.set(name, error)
        }
      }),
    )
    if (signal.aborted) return
    this.#faults = faults
    this.#compare()
  }

  #see(name: string, sight: NameServerSight): void {
    const before = this.#known.get(name)
    const now = this.#clock.now()
    if (before === undefined) this.#known.set(name, { sight, movedAt: now, hasMoved: false })
    else if (before.sight.serial === sight.serial) this.#known.set(name, { ...before, sight })
    else {
      // Who catches up does not put the others behind.
      const movedAt = this.#isLagging(name) ? this.#lastMove() : now
      this.#known.set(name, { sight, movedAt, hasMoved: true })
    }
  }

  #compare(): void {
    this.#comparedAt = this.#clock.now()
    const names = this.#all.servers.map(nameOf)
    const troubles = new Map<string, Trouble[]>(
      names.map((name) => {
        const fault = this.#faults.get(name)
        return [name, fault === undefined ? [] : [{ kind: fault.code, words: fault.message }]]
      }),
    )
    const sights = names.flatMap((server) => {
      const known = this.#faults.has(server) ? undefined : this.#known.get(server)
      return known === undefined ? [] : [{ server, ...known.sight }]
    })
    for (const one of disagreements(sights)) {
      if (one.kind === 'serial-behind' && !this.#isLagging(one.server)) continue
      troubles.get(one.server)?.push({ kind: one.kind, words: describeDisagreement(one) })
    }
    this.#troubles = troubles
  }

  #lastMove(): EpochMs {
    return epochMs(Math.max(...[...this.#known.values()].map(({ movedAt }) => movedAt)))
  }

  #isLagging(server: string): boolean {
    const own = this.#known.get(server)
    if (own === undefined) return false
    const now = this.#clock.now()
    return [...this.#known].some(([other, { sight, movedAt, hasMoved }]) => {
      if (other === server || !hasMoved || this.#faults.has(other)) return false
      const isLong = now - movedAt >= SERIAL_LAG_MS && own.movedAt < movedAt - SERIAL_LAG_MS
      return isLong && isSerialAfter(sight.serial, own.sight.serial)
    })
  }
}

function nameOf({ host, port }: WatchedNameServers['servers'][number]): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
