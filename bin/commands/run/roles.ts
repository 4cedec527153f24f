/** What a node runs: each role by its part of the settings, and each for itself when they change. */
import { once } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import type { Settings } from '#formats/cvdnet-toml/index.ts'
import type { Metric } from '#ports/metric.ts'
import { CommandEnd, EXIT } from '../../io.ts'
import { runDns, zoneSource } from './dns.ts'
import { DnsNumbers } from './dns-numbers.ts'
import { MASTER_ROLE } from './master.ts'
import { runMetrics } from './metrics.ts'
import { MIRROR_ROLE } from './mirror.ts'
import type { Prepared, Role, RunningRole } from './role.ts'
import { openStoreOf } from './store.ts'
import { prepareMonitor } from './watch.ts'

interface Held {
  readonly running: RunningRole
  readonly wanted: object
  /** Begins it anew as it is. */
  readonly prepared: Prepared
}

export interface Reloaded {
  readonly did: readonly string[]
  readonly left: readonly string[]
}

export class RunningRoles implements AsyncDisposable {
  readonly #dnsNumbers = new DnsNumbers()
  readonly #held = new Map<Role['name'], Held>()
  /** In the order of their start; a name server may wait long for its zone, so that it is the last. */
  readonly #roles: readonly Role[] = [
    MIRROR_ROLE,
    MASTER_ROLE,
    {
      name: 'monitor',
      wanted: ({ monitor, zone, mail, dns, store, state }) =>
        monitor && { monitor, zone, mail, nameServers: dns?.nameServers, store, state },
      prepare: prepareMonitor,
    },
    {
      name: 'metrics',
      wanted: ({ metrics, dns }) => metrics && { metrics, tellsDns: dns !== undefined },
      prepare: (settings) => this.#prepareMetrics(settings),
    },
    {
      name: 'dns',
      wanted: ({ dns, zone, updateRecord, store, state }) =>
        dns && { dns, zone, updateRecord, state, store: dns.snapshot === undefined && store },
      prepare: (settings) => this.#prepareDns(settings),
    },
  ]

  private constructor() {}

  /** `signal` ends a start that waits for something. */
  static async start(settings: Settings, signal: AbortSignal): Promise<RunningRoles> {
    const roles = new RunningRoles()
    try {
      for (const role of roles.#roles) {
        const wanted = role.wanted(settings)
        if (wanted !== undefined) await roles.#begin(role, wanted, settings, signal)
      }
      return roles
    } catch (error) {
      await roles[Symbol.asyncDispose]()
      throw error
    }
  }

  /**
   * Follows other settings: roles whose part is the same are left alone. Throws `CommandEnd` when a role that had to be
   * stopped starts neither as it is wanted nor as it was.
   */
  async reload(settings: Settings, signal: AbortSignal): Promise<Reloaded> {
    const did: string[] = []
    const left: string[] = []
    // What goes may have an address that another is to have.
    for (const { name, wanted } of this.#roles.toReversed()) {
      if (wanted(settings) !== undefined || !this.#held.has(name)) continue
      await this.#end(name)
      did.push(`${name} (stopped)`)
    }
    for (const role of this.#roles) {
      const wanted = role.wanted(settings)
      if (wanted === undefined) continue
      try {
        const what = await this.#follow(role, wanted, settings, signal, left)
        if (what !== undefined) did.push(`${role.name} (${what})`)
      } catch (error) {
        if (error instanceof FatalEnd) throw error
        left.push(`${role.name} stays as it was: ${wordsOf(error)}`)
      }
    }
    return { did, left }
  }

  /** What was done, in words; undefined: nothing. */
  async #follow(
    role: Role,
    wanted: object,
    settings: Settings,
    signal: AbortSignal,
    left: string[],
  ): Promise<string | undefined> {
    const held = this.#held.get(role.name)
    if (held === undefined) {
      await this.#begin(role, wanted, settings, signal)
      return 'started'
    }
    const changes = await held.running.change?.(settings)
    if (changes !== undefined) {
      left.push(...changes.left.map((reason) => `${role.name} keeps its ${reason}`))
      const prepared = await role.prepare(settings)
      if (changes.left.length === 0) this.#held.set(role.name, { ...held, wanted, prepared })
      return changes.done.length === 0 ? undefined : changes.done.join(', ')
    }
    if (held.running.change === undefined && isDeepStrictEqual(held.wanted, wanted)) {
      return undefined
    }
    const prepared = await role.prepare(settings)
    await Promise.race([held.running.atRest?.(), aborted(signal)])
    if (signal.aborted) return undefined
    await this.#end(role.name)
    await this.#beginOr(role, { wanted, prepared }, held, signal)
    return 'stopped and started anew'
  }

  async #begin(role: Role, wanted: object, settings: Settings, signal: AbortSignal): Promise<void> {
    const prepared = await role.prepare(settings)
    this.#held.set(role.name, { wanted, prepared, running: await prepared.begin(signal) })
  }

  /** Begins what is wanted, or, when that fails, again what was there; then it throws why. */
  async #beginOr(
    { name }: Role,
    next: Omit<Held, 'running'>,
    before: Held,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      this.#held.set(name, { ...next, running: await next.prepared.begin(signal) })
    } catch (error) {
      if (signal.aborted) throw error
      const running = await before.prepared.begin(signal).catch((cause: unknown) => {
        const reasons = `wanted (${wordsOf(error)}) nor as it was (${wordsOf(cause)})`
        throw new FatalEnd(EXIT.world, `${name} starts neither as ${reasons}`, { cause })
      })
      this.#held.set(name, { ...before, running })
      throw error
    }
  }

  async #end(name: Role['name']): Promise<void> {
    const held = this.#held.get(name)
    this.#held.delete(name)
    await held?.running[Symbol.asyncDispose]()
  }

  /** One listener for all roles of this process, as they come and go. */
  async #prepareMetrics({ metrics, dns }: Settings): Promise<Prepared> {
    if (metrics === undefined) throw new Error('there is no [metrics]')
    const questions = dns === undefined ? new Map() : this.#dnsNumbers.questions
    const source = async (): Promise<readonly Metric[]> => {
      const running = [...this.#held.values()].map((held) => held.running)
      const all = await Promise.all(running.map((each) => each.metrics?.() ?? []))
      return [...all.flat(), ...(await this.#dnsNumbers.metrics())]
    }
    return { begin: () => runMetrics(metrics, [source], questions) }
  }

  async #prepareDns(settings: Settings): Promise<Prepared> {
    const { dns } = settings
    if (dns === undefined) throw new Error('there is no [dns]')
    const begin = async (signal: AbortSignal): Promise<RunningRole> => {
      await using starting = new AsyncDisposableStack()
      const source = await zoneSource(dns, settings, () => openStoreOf(settings), starting)
      this.#dnsNumbers.begin(starting.use(await runDns(dns, settings, source, signal)))
      starting.defer(() => this.#dnsNumbers.end())
      const owned = starting.move()
      return { [Symbol.asyncDispose]: () => owned.disposeAsync() }
    }
    return { begin }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.#held.keys()].toReversed()) await this.#end(name)
  }
}

/** A role is gone that should run: the node ends, and whoever watches it starts it anew. */
class FatalEnd extends CommandEnd {}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
