/** What came of a look at one database: for the log, and when it is something for the team. */
import type { DbName, DbVersion } from '#base/names.ts'
import { unreachable } from '#base/outcome.ts'
import type { EpochMs } from '#base/time.ts'
import type { StandingProblem } from '../health/index.ts'
import type { NotFetched } from '../update/index.ts'

export type FollowEnd =
  /** The upstream has nothing newer. */
  | { readonly kind: 'up-to-date'; readonly version: DbVersion }
  | Released
  /** It was refused in an earlier look, and is not fetched again yet. */
  | { readonly kind: 'held' }
  | RefusedContent
  /** What the servers say is no database of this publisher, or they say nothing. Nothing was fetched for it. */
  | { readonly kind: 'unusable'; readonly reasons: readonly string[] }
  | Exclude<NotFetched, { readonly kind: 'refused' }>

export interface Released {
  readonly kind: 'released'
  readonly from: DbVersion | undefined
  readonly to: DbVersion
  readonly way: BroughtBy
  /** Fetched, in bytes. */
  readonly bytes: number
}

/** `kept`: an earlier look had fetched it, and was stopped before it could hand it in. */
export type BroughtBy = 'patches' | 'whole' | 'kept'

export interface RefusedContent {
  readonly kind: 'refused'
  readonly version: DbVersion
  /** SHA-256 of its first 512 bytes. */
  readonly header: string
  /** What came was not what its beginning says; or it was, and this network does not take it. */
  readonly by: 'examination' | 'gate'
  readonly reasons: readonly string[]
}

const HOUR_MS = 3_600_000
/**
 * For how long refused content is left alone. What came broken may come whole from the next server of a CDN, and is asked
 * for again as late as after a 429 (formats.md 5.5); what the gate refused may be taken when somebody has mended something.
 */
const HELD_MS = { examination: 4 * HOUR_MS, gate: 24 * HOUR_MS } as const

export function heldUntil({ by }: RefusedContent, now: EpochMs): number {
  return now + HELD_MS[by]
}

/** The servers did not give what they have; it says nothing about what this network would make of it. */
export function isFailing({ kind }: FollowEnd): boolean {
  return kind === 'unusable' || kind === 'unreached' || kind === 'failed' || kind === 'left-alone'
}

/** Undefined: nothing happened that anybody wants to read. */
export function describeFollowEnd(name: DbName, end: FollowEnd): string | undefined {
  switch (end.kind) {
    case 'up-to-date':
    case 'held':
      return undefined
    case 'released': {
      const from = end.from === undefined ? 'is new:' : `${end.from} →`
      return `${name} ${from} version ${end.to}, ${WAYS[end.way]}, ${end.bytes} bytes fetched`
    }
    case 'refused':
      return `${name} ${end.version} is refused, and left alone for ${HELD_MS[end.by] / HOUR_MS} hours: ${end.reasons.join('; ')}`
    case 'unusable':
    case 'unreached':
    case 'failed':
      return `${name} could not be had: ${end.reasons.join('; ')}`
    case 'left-alone':
      return `${name} could not be had: the servers ask to be left alone for ${end.seconds} seconds`
    default:
      return unreachable(end)
  }
}

const WAYS = { patches: 'by patches', whole: 'whole', kept: 'fetched before' } as const

/** Upstreams and lines have their bad hours, and a database that is half a day old still protects. A guess. */
const FAILING_MS_MAX = 6 * HOUR_MS

/** One for each database, whichever master looks. */
export function upstreamProblemKey(name: string): string {
  return `upstream/${name}`
}

/** `unchanged`: what stood before this look stands, and what did not does not. */
export type FollowProblem =
  | { readonly kind: 'over' | 'unchanged' }
  | { readonly kind: 'stands'; readonly problem: StandingProblem }

/** `failingSince`: since when it could not be had, this look included. */
export function problemOf(
  name: DbName,
  end: FollowEnd,
  failingSince: EpochMs | undefined,
  now: EpochMs,
): FollowProblem {
  const about = { key: upstreamProblemKey(name), mirror: undefined }
  switch (end.kind) {
    case 'up-to-date':
    case 'released':
      return { kind: 'over' }
    case 'held':
      return { kind: 'unchanged' }
    case 'refused': {
      const level = `refused ${end.version} ${end.header.slice(0, 8)}`
      const title = `${name} ${end.version} of the upstream is refused`
      const more = 'What is published stays as it is, and clients have it.'
      return {
        kind: 'stands',
        problem: { ...about, level, since: now, title, lines: [...end.reasons, more] },
      }
    }
    default: {
      if (failingSince === undefined || now - failingSince < FAILING_MS_MAX) {
        return { kind: 'unchanged' }
      }
      const title = `${name} cannot be had from the upstream`
      const lines =
        end.kind === 'left-alone'
          ? [`The servers ask to be left alone for ${end.seconds} seconds.`]
          : end.reasons
      return {
        kind: 'stands',
        problem: { ...about, level: 'failing', since: failingSince, title, lines },
      }
    }
  }
}
