/**
 * One key after another, so that at no time somebody who kept something cannot validate what we send (RFC 6781, 4.1;
 * RFC 7583). A new key is published before it signs; an old one stays until what it signed, and the DS that points to it,
 * have left all caches. The set of keys is signed by every published key, so the parent may change its DS at any time
 * between. Pure: time is given.
 */

import { fail, type Outcome, ok, unreachable } from '#base/outcome.ts'
import { type EpochSeconds, epochSeconds, rfc3339 } from '#base/time.ts'
import { type KeyState, keyStateAt, publishedKeys, signingKeys, type ZoneKey } from './key.ts'

/** Of the DNSKEY records: how long resolvers keep the set of keys. */
export const DNSKEY_TTL_SECONDS = 3600
/** Until a new key must have reached every name server of the zone, by whatever copies the folder. BIND waits as long. */
const SPREAD_SECONDS = 3600
/** The longest TTL that the settings allow to what is signed. */
const DATA_TTL_SECONDS = 86_400
/** Of the DS in the parent zone; a day is what the registries of most top-level domains use. */
const DS_TTL_SECONDS = 86_400

export type KeyAct = 'activate' | 'ds-published' | 'ds-withdrawn' | 'remove'

export type KeyRefusal =
  | { readonly kind: 'no-such-key' }
  | { readonly kind: 'wrong-state'; readonly act: KeyAct; readonly state: KeyState }
  /** Somebody may still have the set of keys without this one. */
  | { readonly kind: 'keys-in-caches'; readonly until: EpochSeconds }
  | { readonly kind: 'signatures-in-caches'; readonly until: EpochSeconds }
  | { readonly kind: 'ds-in-caches'; readonly until: EpochSeconds }
  | { readonly kind: 'last-active' }
  /** The parent may have its DS, and with it resolvers demand this key. */
  | { readonly kind: 'ds-at-parent' }
  /** Nothing would be left that the parent points to. */
  | { readonly kind: 'no-other-ds' }

/** The keys that change, in the order in which they must be written: between two writes the zone validates, too. */
export function decideKeyAct(
  keys: readonly ZoneKey[],
  act: KeyAct,
  tag: number,
  now: EpochSeconds,
): Outcome<readonly ZoneKey[], KeyRefusal> {
  const key = keys.find((one) => one.tag === tag)
  if (key === undefined) return fail({ kind: 'no-such-key' })
  const refusal = refusalOf(keys, act, key, now)
  return refusal === undefined ? ok(changesOf(keys, act, key, now)) : fail(refusal)
}

/** For whoever knows better (`--force`): what has no meaning is refused all the same. */
export function forceKeyAct(
  keys: readonly ZoneKey[],
  act: KeyAct,
  tag: number,
  now: EpochSeconds,
): Outcome<readonly ZoneKey[], KeyRefusal> {
  const decided = decideKeyAct(keys, act, tag, now)
  if (decided.ok) return decided
  const { kind } = decided.fault
  const key = keys.find((one) => one.tag === tag)
  if (key === undefined || kind === 'no-such-key' || kind === 'wrong-state') return decided
  return ok(changesOf(keys, act, key, now))
}

/** What a new key is: active where there is none yet, else on standby. */
export function timesOfNewKey(keys: readonly ZoneKey[], now: EpochSeconds): ZoneKey['times'] {
  const first = signingKeys(keys, now).length === 0
  return {
    created: now,
    published: now,
    activated: first ? now : undefined,
    retired: undefined,
    removed: undefined,
    dsPublished: undefined,
    dsWithdrawn: undefined,
  }
}

/** When every cache knows the key, so that it may sign and the parent may have its DS. */
export function knownEverywhereAt({ times }: ZoneKey): EpochSeconds {
  return after(times.published ?? times.created, DNSKEY_TTL_SECONDS + SPREAD_SECONDS)
}

function refusalOf(
  keys: readonly ZoneKey[],
  act: KeyAct,
  key: ZoneKey,
  now: EpochSeconds,
): KeyRefusal | undefined {
  const state = keyStateAt(key, now)
  const wrong: KeyRefusal = { kind: 'wrong-state', act, state }
  switch (act) {
    case 'activate':
      return refusalOfActivation(keys, key, state, now)
    case 'ds-published':
      return state === 'hidden' || state === 'removed' ? wrong : undefined
    case 'ds-withdrawn':
      if (state === 'hidden' || state === 'removed') return wrong
      return keys.some((one) => one !== key && isPointedTo(one, now))
        ? undefined
        : { kind: 'no-other-ds' }
    case 'remove':
      return state === 'removed' ? wrong : refusalOfRemoval(keys, key, state, now)
    default:
      return unreachable(act)
  }
}

function refusalOfActivation(
  keys: readonly ZoneKey[],
  key: ZoneKey,
  state: KeyState,
  now: EpochSeconds,
): KeyRefusal | undefined {
  const wrong: KeyRefusal = { kind: 'wrong-state', act: 'activate', state }
  // An active key beside others is what a crash leaves between two writes: doing it again ends it.
  if (state === 'active') return othersActive(keys, key, now).length > 0 ? undefined : wrong
  if (state !== 'standby' && state !== 'retired') return wrong
  const until = knownEverywhereAt(key)
  return until > now ? { kind: 'keys-in-caches', until } : undefined
}

function refusalOfRemoval(
  keys: readonly ZoneKey[],
  key: ZoneKey,
  state: KeyState,
  now: EpochSeconds,
): KeyRefusal | undefined {
  const { retired, dsPublished, dsWithdrawn } = key.times
  if (state === 'active') {
    return othersActive(keys, key, now).length === 0
      ? { kind: 'last-active' }
      : { kind: 'wrong-state', act: 'remove', state }
  }
  // A key that signed had a DS, as far as we know; one that never signed had one only if that was seen.
  const hadDs = state === 'retired' || dsPublished !== undefined
  if (hadDs && dsWithdrawn === undefined) return { kind: 'ds-at-parent' }
  const dsGone = dsWithdrawn === undefined ? now : after(dsWithdrawn, DS_TTL_SECONDS)
  if (dsGone > now) return { kind: 'ds-in-caches', until: dsGone }
  const signaturesGone =
    retired === undefined ? now : after(retired, DATA_TTL_SECONDS + SPREAD_SECONDS)
  return signaturesGone > now ? { kind: 'signatures-in-caches', until: signaturesGone } : undefined
}

function changesOf(
  keys: readonly ZoneKey[],
  act: KeyAct,
  key: ZoneKey,
  now: EpochSeconds,
): readonly ZoneKey[] {
  const changed = (one: ZoneKey, times: Partial<ZoneKey['times']>): ZoneKey => ({
    ...one,
    times: { ...one.times, ...times },
  })
  switch (act) {
    case 'activate': {
      const others = othersActive(keys, key, now).map((one) => changed(one, { retired: now }))
      const state = keyStateAt(key, now)
      if (state === 'active') return others
      return [changed(key, { activated: now, retired: undefined }), ...others]
    }
    case 'ds-published':
      return [changed(key, { dsPublished: now, dsWithdrawn: undefined })]
    case 'ds-withdrawn':
      return [changed(key, { dsWithdrawn: now })]
    case 'remove':
      return [changed(key, { removed: now })]
    default:
      return unreachable(act)
  }
}

function othersActive(
  keys: readonly ZoneKey[],
  key: ZoneKey,
  now: EpochSeconds,
): readonly ZoneKey[] {
  return keys.filter((one) => one !== key && keyStateAt(one, now) === 'active')
}

function isPointedTo(key: ZoneKey, now: EpochSeconds): boolean {
  const { dsPublished, dsWithdrawn } = key.times
  return (
    publishedKeys([key], now).length > 0 && dsPublished !== undefined && dsWithdrawn === undefined
  )
}

function after(time: EpochSeconds, seconds: number): EpochSeconds {
  return epochSeconds(time + seconds)
}

/** A sentence that follows the key's tag. */
export function describeKeyRefusal(refusal: KeyRefusal): string {
  switch (refusal.kind) {
    case 'no-such-key':
      return 'is no key of this zone'
    case 'wrong-state':
      return `is ${refusal.state}, so ${refusal.act} has no meaning`
    case 'keys-in-caches':
      return `is not known to every resolver before ${rfc3339(refusal.until)}: what it signs would be refused`
    case 'signatures-in-caches':
      return `is needed until ${rfc3339(refusal.until)}: what it signed is still in caches`
    case 'ds-in-caches':
      return `is needed until ${rfc3339(refusal.until)}: its DS is still in caches`
    case 'last-active':
      return 'is the only active key; activate another first'
    case 'ds-at-parent':
      return 'may have its DS at the registrar; withdraw it there, then say ds-withdrawn'
    case 'no-other-ds':
      return 'is the only one whose DS is known at the registrar; put another there, then say ds-published'
    default:
      return unreachable(refusal)
  }
}
