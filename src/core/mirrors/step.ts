import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { SshPublicKeyText } from '#base/ssh-public-key.ts'
import { type EpochMs, epochMs, rfc3339, toSeconds } from '#base/time.ts'
import { type MirrorEventKind, nextStage } from './life.ts'
import type { Downtime, MirrorRecord } from './record.ts'

/** What happens to a mirror, with everything that it changes. */
export type MirrorEvent =
  | { readonly kind: 'pause'; readonly downtime: Downtime }
  | { readonly kind: 'resume' }
  | { readonly kind: 'approve'; readonly login: RsyncLogin }
  | { readonly kind: 'apply-again'; readonly record: MirrorRecord }
  | {
      readonly kind: 'move-address'
      readonly host: string
      readonly addresses: readonly string[]
    }
  | { readonly kind: 'new-host-key'; readonly hostKey: SshPublicKeyText }
  | { readonly kind: 'limit-push'; readonly push: MirrorRecord['push'] }
  | {
      readonly kind: Exclude<
        MirrorEventKind,
        | 'pause'
        | 'resume'
        | 'approve'
        | 'apply-again'
        | 'move-address'
        | 'new-host-key'
        | 'limit-push'
      >
      /** In words that its operator reads. */
      readonly reason: string
    }

export type RsyncLogin = NonNullable<MirrorRecord['rsyncLogin']>

/** Guess: longer than any holiday or move; a mirror that is away for longer retires and comes back. */
export const DOWNTIME_MS_MAX = 60 * 86_400_000
/** Guess: planned ahead by more, it is a slip of the year. */
const AHEAD_MS_MAX = 366 * 86_400_000
/** Past downtimes are kept as long as anybody would be judged by them. */
const DOWNTIME_KEPT_MS = 90 * 86_400_000
const DOWNTIMES_MAX = 100

/** The mirror after the event, or why it may not happen, to be read behind its name. */
export function step(
  record: MirrorRecord,
  event: MirrorEvent,
  now: EpochMs,
): Outcome<MirrorRecord, string> {
  const next = nextStage(record.stage, event.kind)
  if (!next.ok) return next
  const at = (reason: string): MirrorRecord => ({
    ...record,
    stage: next.value,
    stageSince: next.value === record.stage ? record.stageSince : now,
    stageReason: reason,
  })
  switch (event.kind) {
    case 'apply-again':
      return ok({ ...event.record, stage: next.value, stageSince: now })
    case 'approve':
      return approved(at('approved by the team'), event.login)
    case 'refuse':
    case 'retire':
      // Its login ends with it, and a later one is another.
      return ok({ ...at(event.reason), rsyncLogin: undefined })
    case 'pause':
      return pause(record, event.downtime, now)
    case 'resume':
      return resume(record, now)
    case 'move-address':
      return ok({ ...record, host: event.host, addresses: event.addresses })
    case 'new-host-key':
      return ok({ ...record, hostKey: event.hostKey })
    case 'limit-push':
      return ok({ ...record, push: event.push })
    case 'check-good':
    case 'check-bad':
      // In service it is the monitor who says why a mirror stands where it does.
      return ok(next.value === record.stage && isInService(record) ? record : at(event.reason))
    default:
      return ok(at(event.reason))
  }
}

/** The downtime that is under way (R83). */
export function downtimeAt(downtimes: readonly Downtime[], at: EpochMs): Downtime | undefined {
  return downtimes.find(({ from, until }) => from <= at && at < until)
}

/** Was listed, and is part of the network since. */
export function isInService({ stage }: Pick<MirrorRecord, 'stage'>): boolean {
  return stage === 'listed' || stage === 'old' || stage === 'removed' || stage === 'suspended'
}

function approved(record: MirrorRecord, login: RsyncLogin): Outcome<MirrorRecord, string> {
  if (record.stage === 'listed' && record.hostKey === undefined) {
    return fail('has no pinned ssh host key; see it with "mirror check" and pin it first')
  }
  return ok({ ...record, rsyncLogin: record.rsyncLogin ?? login })
}

function pause(
  record: MirrorRecord,
  downtime: Downtime,
  now: EpochMs,
): Outcome<MirrorRecord, string> {
  const { from, until } = downtime
  if (until <= from) return fail('cannot be paused: the end is not after the beginning')
  if (until <= now) return fail('cannot be paused: the end has passed')
  if (until - from > DOWNTIME_MS_MAX) return fail('cannot be paused for more than 60 days')
  if (from - now > AHEAD_MS_MAX) return fail('cannot be paused more than a year ahead')
  const kept = record.downtimes.filter((old) => now - old.until < DOWNTIME_KEPT_MS)
  const other = kept.find((old) => old.from < until && from < old.until)
  if (other !== undefined) {
    return fail(
      `has a downtime planned from ${utc(other.from)} until ${utc(other.until)}; resume it first`,
    )
  }
  if (kept.length >= DOWNTIMES_MAX) return fail(`has ${kept.length} downtimes already`)
  const downtimes = [...kept, downtime].toSorted((a, b) => a.from - b.from)
  return ok({ ...record, downtimes })
}

/** Ends the downtime under way, else calls off the next one. */
function resume(record: MirrorRecord, now: EpochMs): Outcome<MirrorRecord, string> {
  const ended = downtimeAt(record.downtimes, now) ?? record.downtimes.find(({ from }) => from > now)
  if (ended === undefined) return fail('has no downtime, under way or planned')
  const downtimes = record.downtimes.flatMap((one) => {
    if (one !== ended) return [one]
    return one.from < now ? [{ ...one, until: epochMs(now) }] : []
  })
  return ok({ ...record, downtimes })
}

function utc(time: EpochMs): string {
  return rfc3339(toSeconds(time))
}
