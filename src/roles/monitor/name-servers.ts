import type { EpochMs } from '#base/time.ts'
import type { Observer, StandingProblem } from '#core/health/index.ts'
import { type Disagreement, describeDisagreement, disagreements } from '#core/zone/index.ts'
import type { Clock } from '#ports/clock.ts'
import {
  type NameServerLook,
  NameServerLookError,
  type NameServerSight,
} from '#ports/name-server-look.ts'

/** Servers see a change within seconds, and what the time of day changes within a minute; clocks may differ by another. */
const SERIAL_GRACE_MS = 3 * 60_000

export interface WatchedNameServers {
  readonly look: NameServerLook
  readonly servers: readonly { readonly host: string; readonly port: number }[]
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
  readonly #sights = new Map<string, NameServerSight>()
  /** Since when a server's serial was not the newest each time that they were compared. */
  readonly #apartSince = new Map<string, EpochMs>()
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
          this.#sights.set(name, await look.look(server, this.#zone, signal))
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
      const sight = this.#faults.has(server) ? undefined : this.#sights.get(server)
      return sight === undefined ? [] : [{ server, ...sight }]
    })
    const apart = disagreements(sights)
    for (const { server } of sights) this.#note(server, apart)
    for (const one of apart) {
      if (one.kind === 'other-serial' && !this.#isLongApart(one.server)) continue
      troubles.get(one.server)?.push({ kind: one.kind, words: describeDisagreement(one) })
    }
    this.#troubles = troubles
  }

  #note(server: string, apart: readonly Disagreement[]): void {
    const isApart = apart.some((one) => one.kind === 'other-serial' && one.server === server)
    if (!isApart) this.#apartSince.delete(server)
    else if (!this.#apartSince.has(server)) this.#apartSince.set(server, this.#clock.now())
  }

  #isLongApart(server: string): boolean {
    const now = this.#clock.now()
    return now - (this.#apartSince.get(server) ?? now) >= SERIAL_GRACE_MS
  }
}

function nameOf({ host, port }: WatchedNameServers['servers'][number]): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
