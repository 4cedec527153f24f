/** Keys of a zone, and what state time puts them into. */
import { createECDH } from 'node:crypto'
import type { EpochSeconds } from '#base/time.ts'
import {
  type DnsName,
  internetRecord,
  type ResourceRecord,
  TYPE,
} from '#formats/dns-message/index.ts'
import { dnskeyData, dsData, keyTag } from './rdata.ts'

/** When what became of a key. A time to come is a step that is planned. */
export interface KeyTimes {
  readonly created: EpochSeconds
  /** From then on its DNSKEY is in the zone. */
  readonly published: EpochSeconds | undefined
  /** From then on it signs the zone. */
  readonly activated: EpochSeconds | undefined
  /** From then on it signs the zone's keys only. */
  readonly retired: EpochSeconds | undefined
  /** From then on its DNSKEY is not in the zone. */
  readonly removed: EpochSeconds | undefined
  /** The parent zone was seen with its DS, and without it. */
  readonly dsPublished: EpochSeconds | undefined
  readonly dsWithdrawn: EpochSeconds | undefined
}

/** Plain, so that threads can be given it. */
export interface ZoneKey {
  readonly tag: number
  /** X and Y, 64 bytes. */
  readonly publicKey: Uint8Array
  /** 32 bytes. Never logged. */
  readonly privateKey: Uint8Array
  readonly times: KeyTimes
}

/**
 * `hidden`: not in the zone yet. `standby`: its DNSKEY is, so that resolvers know it before it signs. `active`: signs.
 * `retired`: signs no more, but what it signed is still in caches. `removed`: gone.
 */
export type KeyState = 'hidden' | 'standby' | 'active' | 'retired' | 'removed'

export const PRIVATE_KEY_BYTES = 32

export const NO_TIMES: Omit<KeyTimes, 'created'> = {
  published: undefined,
  activated: undefined,
  retired: undefined,
  removed: undefined,
  dsPublished: undefined,
  dsWithdrawn: undefined,
}

/** Undefined: the number is none of the curve's. */
export function zoneKey(privateKey: Uint8Array, times: KeyTimes): ZoneKey | undefined {
  if (privateKey.byteLength !== PRIVATE_KEY_BYTES) return undefined
  const curve = createECDH('prime256v1')
  try {
    curve.setPrivateKey(privateKey)
  } catch {
    return undefined
  }
  // Behind the byte that says "uncompressed".
  const publicKey = Uint8Array.from(curve.getPublicKey()).subarray(1)
  return { tag: keyTag(dnskeyData(publicKey)), publicKey, privateKey, times }
}

export function keyStateAt({ times }: Pick<ZoneKey, 'times'>, now: EpochSeconds): KeyState {
  const is = (time: EpochSeconds | undefined) => time !== undefined && time <= now
  if (is(times.removed)) return 'removed'
  if (is(times.retired)) return 'retired'
  if (is(times.activated)) return 'active'
  return is(times.published) ? 'standby' : 'hidden'
}

/** Since when it is in that state. */
export function stateSince({ times }: Pick<ZoneKey, 'times'>, now: EpochSeconds): EpochSeconds {
  const past = [times.published, times.activated, times.retired, times.removed].filter(
    (time) => time !== undefined && time <= now,
  )
  return past.at(-1) ?? times.created
}

/** The next time at which the state of one of them changes by itself; undefined: never. */
export function nextChange(keys: readonly ZoneKey[], now: EpochSeconds): EpochSeconds | undefined {
  return keys
    .flatMap(({ times }) => [times.published, times.activated, times.retired, times.removed])
    .filter((time) => time !== undefined)
    .filter((time) => time > now)
    .toSorted((a, b) => a - b)[0]
}

/** Keys whose DNSKEY is in the zone: these sign the set of keys, since the parent's DS may be of any of them. */
export function publishedKeys(keys: readonly ZoneKey[], now: EpochSeconds): readonly ZoneKey[] {
  return keys.filter((key) => ['standby', 'active', 'retired'].includes(keyStateAt(key, now)))
}

/** Keys that sign everything else. Where the last one was retired by its plan it goes on, since nothing signed is bogus. */
export function signingKeys(keys: readonly ZoneKey[], now: EpochSeconds): readonly ZoneKey[] {
  const states = publishedKeys(keys, now).map((key) => ({ key, state: keyStateAt(key, now) }))
  const active = states.filter(({ state }) => state === 'active')
  const used = active.length > 0 ? active : states.filter(({ state }) => state === 'retired')
  return used.map(({ key }) => key)
}

/** Keys that the parent's DS should be of. */
export function wantedByParent(keys: readonly ZoneKey[], now: EpochSeconds): readonly ZoneKey[] {
  return keys.filter((key) => ['standby', 'active'].includes(keyStateAt(key, now)))
}

/** The zone's DNSKEY records, and what tells the parent which DS to have (RFC 7344). */
export function keyRecords(
  zone: DnsName,
  keys: readonly ZoneKey[],
  now: EpochSeconds,
  ttl: number,
): readonly ResourceRecord[] {
  const record = (type: number, bytes: Uint8Array) =>
    internetRecord(zone, ttl, { kind: 'other', type, bytes })
  const wanted = wantedByParent(keys, now).map(({ publicKey }) => dnskeyData(publicKey))
  return [
    ...publishedKeys(keys, now).map(({ publicKey }) => record(TYPE.DNSKEY, dnskeyData(publicKey))),
    ...wanted.map((dnskey) => record(TYPE.CDS, dsData(zone, dnskey))),
    ...wanted.map((dnskey) => record(TYPE.CDNSKEY, dnskey)),
  ]
}
