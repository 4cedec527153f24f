/** What a validating resolver is to make of the zone's answers, for people and as JSON. */
import { type EpochSeconds, rfc3339 } from '#base/time.ts'
import { type DnsName, isBelow } from '#formats/dns-message/index.ts'
import {
  type KeyState,
  keyStateAt,
  publishedKeys,
  signingKeys,
  stateSince,
  type ZoneKey,
} from './key.ts'
import { parentLines } from './present.ts'
import { heldAtLeastUntil, validityOf } from './validity.ts'

export type SigningExplanation =
  | {
      readonly kind: 'signed'
      /** All whose DNSKEY is in the zone. */
      readonly keys: readonly ExplainedKey[]
      readonly signatures: {
        /** Of one that is made now. */
        readonly until: string
        /** No answer that is sent now has one that ends sooner. */
        readonly atLeastUntil: string
      }
      /** What the parent should have. */
      readonly ds: readonly {
        readonly tag: number
        /** A line of a zone file. */
        readonly record: string
        /** Since when it was seen there, as somebody said; null: nobody did. */
        readonly seenSince: string | null
      }[]
    }
  /** The zone is signed and the name is not in it. */
  | { readonly kind: 'outside-the-zone' }

export interface ExplainedKey {
  readonly tag: number
  readonly state: KeyState
  readonly since: string
  readonly signs: 'all answers' | 'keys only'
}

/** What belongs to the answers for `name`. */
export function explainSigning(
  zone: DnsName,
  keys: readonly ZoneKey[],
  name: DnsName,
  now: EpochSeconds,
): SigningExplanation {
  if (!isBelow(name, zone)) return { kind: 'outside-the-zone' }
  const signing = signingKeys(keys, now)
  const seen = new Map(keys.map(({ tag, times }) => [tag, times.dsPublished]))
  return {
    kind: 'signed',
    keys: publishedKeys(keys, now).map((key) => ({
      tag: key.tag,
      state: keyStateAt(key, now),
      since: rfc3339(stateSince(key, now)),
      signs: signing.includes(key) ? 'all answers' : 'keys only',
    })),
    signatures: {
      until: rfc3339(validityOf(now).until),
      atLeastUntil: rfc3339(heldAtLeastUntil(now)),
    },
    ds: parentLines(zone, keys, now).map(({ tag, ds }) => {
      const since = seen.get(tag)
      return { tag, record: ds, seenSince: since === undefined ? null : rfc3339(since) }
    }),
  }
}

/** A line each, for people. */
export function describeSigning(signing: SigningExplanation): readonly string[] {
  if (signing.kind === 'outside-the-zone') {
    return ['not signed: the name is not in the zone, whose keys sign nothing else']
  }
  const { keys, signatures, ds } = signing
  const words = ({ tag, state, since, signs }: ExplainedKey) =>
    `  key ${tag}, ${state} since ${since}, signs ${signs === 'all answers' ? signs : "the zone's keys only"}`
  return [
    'signed (DNSSEC), for whoever wants signatures:',
    ...keys.map(words),
    `  a signature made now holds until ${signatures.until}; none that is sent ends before ${signatures.atLeastUntil}`,
    ...ds.map(({ record, seenSince }) => {
      const seen = seenSince === null ? 'not seen there yet' : `seen there since ${seenSince}`
      return `  the parent should have, ${seen}: ${record}`
    }),
  ]
}
