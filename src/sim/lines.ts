import type { DbName } from '#base/names.ts'
import { toSeconds } from '#base/time.ts'
import type { Clock } from '#ports/clock.ts'
import { type Probe, ProbeError, type ProbeSight, type ProbeTarget } from '#ports/probe.ts'
import { type Trigger, type TriggerEnd, TriggerError, type TriggerTarget } from '#ports/trigger.ts'
import type { SimNetwork, Stamp } from './network.ts'

/** Exit status of a sync that believes nothing of what came. */
const REFUSED = 1

export interface SimLinesWorld {
  readonly network: SimNetwork
  readonly clock: Clock
  /** What is public on the master now. */
  readonly source: () => Stamp
  /** Whether a mirror that verifies it would not have it. */
  readonly isSpoiled: (stamp: Stamp) => boolean
}

/** A master's lines to the mirrors: it tells them to pull, they sync from it, and it looks at what they serve. */
export class SimLines implements Trigger, Probe {
  readonly #world: SimLinesWorld

  constructor(world: SimLinesWorld) {
    this.#world = world
  }

  /** A sync brings what is public when it starts, however long it takes. */
  async pull(
    { name }: TriggerTarget,
    { onAdmitted, signal }: Parameters<Trigger['pull']>[1],
  ): Promise<TriggerEnd> {
    const { network, clock, source, isSpoiled } = this.#world
    const mirror = network.mirrors.get(name)
    if (mirror === undefined || !network.isPushable(mirror)) {
      throw new TriggerError('unreachable', `reach "${name}"`)
    }
    await onAdmitted()
    const stamp = source()
    await clock.sleep(mirror.syncMs, signal)
    if (isSpoiled(stamp)) {
      return { status: REFUSED, lines: ['daily.cvd is not what the manifest says'] }
    }
    if (stamp.generation > mirror.stamp.generation) mirror.stamp = stamp
    return { status: 0, lines: [] }
  }

  async look(
    { name }: ProbeTarget,
    databases: readonly DbName[],
    signal: AbortSignal,
  ): Promise<ProbeSight> {
    await null
    signal.throwIfAborted()
    const { network } = this.#world
    const mirror = network.mirrors.get(name)
    if (mirror === undefined || mirror.dead.size > 0) {
      throw new ProbeError('unreachable', `look at "${name}"`)
    }
    const { serial, generation, stampedAt, versions: carried } = mirror.stamp
    const versions = new Map(databases.map((database) => [database, carried?.get(database)]))
    return { serial, generation, stampedAt: toSeconds(stampedAt), versions }
  }
}
