import type { Serial } from '#base/names.ts'
import type { EpochMs } from '#base/time.ts'

/** When a release may be announced (decision 4). Shares are of the declared bandwidth of the healthy, listed mirrors. */
export interface AnnouncePolicy {
  readonly quorumShare: number
  /** So many mirrors at least; all, where there are fewer. */
  readonly mirrorsMin: number
  /** After so long, `lateShare` is enough, with an alarm. */
  readonly patienceMs: number
  readonly lateShare: number
}

export const ANNOUNCE_POLICY: AnnouncePolicy = {
  quorumShare: 0.6,
  mirrorsMin: 2,
  patienceMs: 30 * 60_000,
  lateShare: 1 / 3,
}

/** One listed mirror as the last probes saw it. */
export interface MirrorSight {
  readonly name: string
  readonly bandwidthMbit: number
  /** Answers probes within the last rounds: sleepers must not block an announcement. */
  readonly healthy: boolean
  /** Seen there, content and not only the mark; undefined: nothing. */
  readonly serial: Serial | undefined
}

export interface Waiting {
  readonly serial: Serial
  /** When it was published. */
  readonly since: EpochMs
  /** What is announced now. */
  readonly announced: Serial | undefined
}

export interface Spread {
  /** Healthy mirrors that serve it. */
  readonly mirrors: number
  readonly mirrorsNeeded: number
  /** Of the healthy mirrors' bandwidth, from 0 to 1. */
  readonly share: number
  readonly shareNeeded: number
}

export type Announcement =
  | { readonly kind: 'announce'; readonly spread: Spread }
  /** With fewer than wanted, since waiting longer would help nobody: an alarm. */
  | { readonly kind: 'announce-late'; readonly spread: Spread }
  | { readonly kind: 'wait'; readonly spread: Spread }
  /** Too few for too long: an alarm, and the next look may change it. */
  | { readonly kind: 'hold'; readonly spread: Spread }
  /** It is announced already, or a later one is (promise 2). */
  | { readonly kind: 'done' }

export function decideAnnouncement(
  waiting: Waiting,
  sights: readonly MirrorSight[],
  now: EpochMs,
  policy: AnnouncePolicy = ANNOUNCE_POLICY,
): Announcement {
  if (waiting.announced !== undefined && waiting.announced >= waiting.serial) {
    return { kind: 'done' }
  }
  const healthy = sights.filter((sight) => sight.healthy)
  const there = healthy.filter(({ serial = -1 }) => serial >= waiting.serial)
  const all = bandwidthOf(healthy)
  const share = all === 0 ? 0 : bandwidthOf(there) / all
  const late = now - waiting.since >= policy.patienceMs
  const spread: Spread = {
    mirrors: there.length,
    mirrorsNeeded: Math.max(Math.min(late ? 1 : policy.mirrorsMin, healthy.length), 1),
    share,
    shareNeeded: late ? policy.lateShare : policy.quorumShare,
  }
  const enough = share >= spread.shareNeeded && there.length >= spread.mirrorsNeeded
  if (!enough) return { kind: late ? 'hold' : 'wait', spread }
  const quorum =
    share >= policy.quorumShare && there.length >= Math.min(policy.mirrorsMin, healthy.length)
  return { kind: quorum ? 'announce' : 'announce-late', spread }
}

/** `3 of 2 mirrors needed, 75 % of 60 % of the bandwidth`: for journal, status and mail. */
export function describeSpread({ mirrors, mirrorsNeeded, share, shareNeeded }: Spread): string {
  const percent = (one: number) => `${Math.round(one * 100)} %`
  return (
    `${mirrors} healthy mirror(s) serve it, ${mirrorsNeeded} are needed; ` +
    `${percent(share)} of the bandwidth, ${percent(shareNeeded)} is needed`
  )
}

function bandwidthOf(sights: readonly MirrorSight[]): number {
  return sights.reduce((sum, { bandwidthMbit }) => sum + bandwidthMbit, 0)
}
