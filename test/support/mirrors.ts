import { type EpochMs, epochMs, toSeconds } from '#base/time.ts'
import type { AddressHealth, Issued, MirrorHealth, Sight } from '#core/health/index.ts'
import type { MirrorRecord } from '#core/mirrors/index.ts'
import { aMirror as aRecord } from './records.ts'
import { aGeneration, aSerial } from './values.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS
/** 2026-03-02T00:00:00Z, a Monday. */
export const START = epochMs(1_772_409_600_000)

/** So long after the start of the story. */
export function after(ms: number): EpochMs {
  return epochMs(START + ms)
}

/** A mirror that was listed when the story starts. */
export function aMirror(name: string, more: Partial<MirrorRecord> = {}): MirrorRecord {
  return aRecord(name, {
    stageSince: START,
    stageReason: 'approved',
    addresses: ['192.0.2.1'],
    hostKey: undefined,
    admin: `admin@${name}.example`,
    rsyncLogin: undefined,
    ...more,
  })
}

/** What a master issued at that time, as generation `number` of release 1. */
export function issued(at: EpochMs, number: number): Issued {
  return { serial: aSerial(1), generation: aGeneration(number), stampedAt: at }
}

export function goodSight(of: Issued): Extract<Sight, { kind: 'good' }> {
  const { serial, generation, stampedAt } = of
  return {
    kind: 'good',
    serial,
    generation,
    stampedAt: toSeconds(stampedAt),
    tookMs: 20,
    skewMs: undefined,
  }
}

export const NO_ANSWER: Sight = {
  kind: 'bad',
  fault: 'unreachable',
  reason: 'connect to 192.0.2.1 port 80: refused',
}

/** Health of a mirror with one address, looked at just now. */
export function healthOf(
  last: Sight,
  at: EpochMs,
  more: Partial<AddressHealth> = {},
): MirrorHealth {
  const good = last.kind === 'good'
  const address: AddressHealth = {
    address: '192.0.2.1',
    isUp: good,
    upSince: START,
    triedAt: at,
    goodInARow: good ? 100 : 0,
    badInARow: good ? 0 : 100,
    last,
    lastGood: good ? { ...last, at } : undefined,
    ...more,
  }
  return { addresses: [address], freshAt: undefined, freshInARow: address.goodInARow, days: [] }
}
