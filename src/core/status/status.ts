import { type EpochMs, rfc3339, toSeconds } from '#base/time.ts'
import {
  type Condition,
  conditionOf,
  describeCondition,
  type HealthPolicy,
  type Issued,
  type Watched,
} from '../health/index.ts'
import { type MirrorStage, serviceOf } from '../mirrors/index.ts'
import type { OpenProblem } from '../notices/index.ts'
import { isPushTime, minuteOfDay, printPushWindow } from '../push/index.ts'

/** What the store knows about the network now. */
export interface NetworkState {
  readonly zone: string
  readonly newest: (Issued & { readonly master: string }) | undefined
  readonly announced: { readonly serial: number; readonly at: EpochMs } | undefined
  readonly mirrors: readonly Watched[]
  readonly problems: readonly OpenProblem[]
  readonly leases: readonly {
    readonly name: string
    readonly holder: string
    readonly until: EpochMs
  }[]
  /** Work that waits: how much, and when the first of it is due. */
  readonly waiting: readonly {
    readonly queue: string
    readonly count: number
    readonly dueAt: EpochMs
    /** Why the first of it failed the last time. */
    readonly reason: string | undefined
  }[]
}

/** The document of `cvdnet status --json`. Times in RFC 3339. */
export interface Status {
  readonly zone: string
  readonly at: string
  readonly release: {
    readonly serial: number
    readonly generation: number
    readonly master: string
    readonly since: string
    readonly announced: { readonly serial: number; readonly since: string } | null
  } | null
  readonly mirrors: readonly MirrorStatus[]
  readonly problems: readonly {
    readonly key: string
    readonly level: string
    readonly since: string
    readonly title: string
    readonly cause: readonly string[]
    readonly letters: number
  }[]
  readonly leases: readonly {
    readonly name: string
    readonly holder: string
    readonly until: string
  }[]
  readonly waiting: readonly {
    readonly queue: string
    readonly count: number
    readonly due: string
    readonly reason: string | null
  }[]
}

export interface MirrorStatus {
  readonly name: string
  readonly stage: MirrorStage
  readonly since: string
  readonly condition: Condition['kind']
  /** In words. */
  readonly how: string
  readonly addresses: readonly {
    readonly address: string
    readonly up: boolean
    readonly since: string
    /** What it carried when it was last seen well. */
    readonly serial: number | null
    readonly generation: number | null
    readonly seen: string | null
  }[]
}

export function statusOf(state: NetworkState, policy: HealthPolicy, now: EpochMs): Status {
  const { zone, newest, announced } = state
  return {
    zone,
    at: time(now),
    release:
      newest === undefined
        ? null
        : {
            serial: newest.serial,
            generation: newest.generation,
            master: newest.master,
            since: time(newest.stampedAt),
            announced:
              announced === undefined
                ? null
                : { serial: announced.serial, since: time(announced.at) },
          },
    mirrors: state.mirrors.map((watched) => mirrorStatus(watched, newest, policy, now)),
    problems: state.problems
      .toSorted((a, b) => a.since - b.since)
      .map(({ key, level, since, title, lines, letters }) => ({
        key,
        level,
        since: time(since),
        title,
        cause: lines,
        letters: letters.length,
      })),
    leases: state.leases.map((lease) => ({ ...lease, until: time(lease.until) })),
    waiting: state.waiting.map(({ queue, count, dueAt, reason }) => ({
      queue,
      count,
      due: time(dueAt),
      reason: reason ?? null,
    })),
  }
}

function mirrorStatus(
  { record, health }: Watched,
  newest: Issued | undefined,
  policy: HealthPolicy,
  now: EpochMs,
): MirrorStatus {
  const { name, stage, stageSince, stageReason } = record
  const condition = conditionOf(record, health, newest, policy, now)
  const addresses = (health?.addresses ?? []).map(({ address, isUp, upSince, lastGood }) => ({
    address,
    up: isUp,
    since: time(upSince),
    serial: lastGood?.serial ?? null,
    generation: lastGood?.generation ?? null,
    seen: lastGood === undefined ? null : time(lastGood.at),
  }))
  const isWatched = stage === 'listed' || stage === 'old' || stage === 'removed'
  const how = isWatched && condition.kind !== 'unknown' ? describeCondition(condition) : stageReason
  const waits = waitsForWindow({ record, health }, newest, now)
  return {
    name,
    stage,
    since: time(stageSince),
    condition: condition.kind,
    how: waits === undefined ? how : `${how}; ${waits}`,
    addresses,
  }
}

/** In words. Undefined for one that has the newest, or may be pushed to now. */
function waitsForWindow(
  { record, health }: Watched,
  newest: Issued | undefined,
  now: EpochMs,
): string | undefined {
  const { window } = record.push
  if (newest === undefined || window === undefined || !serviceOf(record).push) return undefined
  const has = health?.addresses.some(
    ({ lastGood }) => lastGood !== undefined && lastGood.generation >= newest.generation,
  )
  if (has === true || isPushTime(window, minuteOfDay(now))) return undefined
  return `waits for its window, ${printPushWindow(window)} UTC`
}

function time(at: EpochMs): string {
  return rfc3339(toSeconds(at))
}
