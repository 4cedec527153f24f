/** What a node runs: each role by its part of the settings, and each for itself when they change. */
import { once } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import type { Settings } from '#formats/cvdnet-toml/index.ts'
import type { Metric } from '#ports/metric.ts'
import { because, CommandEnd, complain, EXIT, say } from '../../io.ts'
import { prepareDns } from './dns.ts'
import { DnsNumbers } from './dns-numbers.ts'
import { MASTER_ROLE } from './master.ts'
import { runMetrics } from './metrics.ts'
import { MIRROR_ROLE } from './mirror.ts'
import type { Prepared, Role, RunningRole } from './role.ts'
import { prepareMonitor } from './watch.ts'

/** What a role is made of. */
interface Plan {
  readonly wanted: object
  /** Begins it anew as it is. */
  readonly prepared: Prepared
}

interface Held extends Plan {
  readonly running: RunningRole
}

export interface Reloaded {
  readonly did: readonly string[]
  readonly left: readonly string[]
}

export class RunningRoles implements AsyncDisposable {
  readonly #dnsNumbers = new DnsNumbers()
  readonly #held = new Map<Role['name'], Held>()
  readonly #failure = new AbortController()
  /** Reloads, and what becomes of roles that fail later, come one after the other. */
  #turn: Promise<unknown> = Promise.resolve()
  /** In the order of their start. */
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
      prepare: (settings) => prepareDns(settings, this.#dnsNumbers),
    },
  ]

  private constructor() {}

  static async start(settings: Settings): Promise<RunningRoles> {
    const roles = new RunningRoles()
    try {
      for (const role of roles.#roles) {
        const wanted = role.wanted(settings)
        if (wanted === undefined) continue
        const plan = { wanted, prepared: await role.prepare(settings) }
        await roles.#begin(role.name, plan, (error) => throwFatal(role.name, error))
      }
      return roles
    } catch (error) {
      await roles[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Aborts, with a `CommandEnd` as its reason, when a role is gone that should run. */
  get failure(): AbortSignal {
    return this.#failure.signal
  }

  /**
   * Follows other settings: roles whose part is the same are left alone. Throws `CommandEnd` when a role that had to be
   * stopped starts neither as it is wanted nor as it was. `signal` ends it before the next role.
   */
  reload(settings: Settings, signal: AbortSignal): Promise<Reloaded> {
    return this.#inTurn(() => this.#reload(settings, signal))
  }

  async #reload(settings: Settings, signal: AbortSignal): Promise<Reloaded> {
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
      if (wanted === undefined || signal.aborted) continue
      try {
        const what = await this.#follow(role, wanted, settings, signal, left)
        if (what !== undefined) did.push(`${role.name} (${what})`)
      } catch (error) {
        if (error instanceof FatalEnd) throw error
        const state = this.#held.has(role.name) ? 'stays as it was' : 'does not run'
        left.push(`${role.name} ${state}: ${wordsOf(error)}`)
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
    const { name } = role
    const held = this.#held.get(name)
    if (held === undefined) {
      const plan = { wanted, prepared: await role.prepare(settings) }
      await this.#begin(name, plan, async (error) => tellMissing(name, error))
      return 'started'
    }
    const changes = await held.running.change?.(settings)
    if (changes !== undefined) {
      left.push(...changes.left.map((reason) => `${name} keeps its ${reason}`))
      const prepared = await role.prepare(settings)
      if (changes.left.length === 0) this.#held.set(name, { ...held, wanted, prepared })
      return changes.done.length === 0 ? undefined : changes.done.join(', ')
    }
    const plan = { wanted, prepared: await role.prepare(settings) }
    if (held.running.change === undefined && isSame(held, plan)) return undefined
    await finish(name, held.running, signal)
    if (signal.aborted) return undefined
    await this.#end(name)
    await this.#replace(name, held, plan)
    return 'stopped and started anew'
  }

  /** `otherwise` is what is done when it waits for something at its start, and fails then. */
  async #begin(
    name: Role['name'],
    plan: Plan,
    otherwise: (error: unknown) => Promise<void>,
  ): Promise<void> {
    const running = await plan.prepared.begin()
    this.#held.set(name, { ...plan, running })
    void running.failed?.then((error) =>
      this.#inTurn(async () => {
        if (this.#held.get(name)?.running !== running) return
        await this.#end(name)
        await otherwise(error)
      }).catch((reason: unknown) => this.#failure.abort(reason)),
    )
  }

  /** Begins what is wanted, or, when that fails, again what was there; then it throws why. */
  async #replace(name: Role['name'], before: Plan, wanted: Plan): Promise<void> {
    const goBack = async (error: unknown): Promise<void> => {
      await this.#begin(name, before, (cause) => throwFatal(name, cause)).catch((cause) =>
        throwFatal(name, cause, error),
      )
    }
    try {
      await this.#begin(name, wanted, async (error) => {
        await goBack(error)
        complain(`not reloaded: ${name} is again as it was: ${wordsOf(error)}`)
      })
    } catch (error) {
      await goBack(error)
      throw error
    }
  }

  /** One that does not stop as it should is told, and is gone all the same. */
  async #end(name: Role['name']): Promise<void> {
    const held = this.#held.get(name)
    this.#held.delete(name)
    try {
      await held?.running[Symbol.asyncDispose]()
    } catch (error) {
      complain(`${name} did not stop cleanly: ${wordsOf(error)}`)
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn
    await using ending = new AsyncDisposableStack()
    for (const { running } of this.#held.values()) ending.use(running)
    this.#held.clear()
  }
}

/** A role is gone that should run: the node ends, and whoever watches it starts it anew. */
class FatalEnd extends CommandEnd {}

/** `wanted` is why it does not start as the new settings have it. */
async function throwFatal(name: Role['name'], cause: unknown, wanted?: unknown): Promise<never> {
  const what =
    wanted === undefined
      ? `does not start: ${wordsOf(cause)}`
      : `starts neither as wanted: ${wordsOf(wanted)}; nor as it was: ${wordsOf(cause)}`
  throw new FatalEnd(EXIT.world, `${name} ${what}`, { cause })
}

function tellMissing(name: Role['name'], error: unknown): void {
  complain(`not reloaded: ${name} does not run: ${wordsOf(error)}`)
}

function isSame(held: Plan, plan: Plan): boolean {
  return (
    isDeepStrictEqual(held.wanted, plan.wanted) &&
    isDeepStrictEqual(held.prepared.madeOf, plan.prepared.madeOf)
  )
}

/** Until nothing is under way, or the node is to stop. */
async function finish(
  name: Role['name'],
  { underWay }: RunningRole,
  signal: AbortSignal,
): Promise<void> {
  const work = underWay?.()
  if (work === undefined || signal.aborted) return
  say(`reload: ${name} finishes first what is under way`)
  const over = new AbortController()
  const stopped = once(signal, 'abort', { signal: over.signal }).catch(() => {})
  await Promise.race([work, stopped])
  over.abort()
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const why = because(error.cause)
  return error.message.includes(why.slice(2, -1)) ? error.message : `${error.message}${why}`
}
