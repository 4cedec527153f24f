import type { EpochSeconds } from '#base/time.ts'
import {
  DNSKEY_TTL_SECONDS,
  keyRecords,
  nextChange,
  publishedKeys,
  recordSets,
  type Signer,
  signerOf,
  signingKeys,
  type ZoneKey,
} from '#core/dnssec/index.ts'
import { type DnsName, type ResourceRecord, TYPE, typeOf } from '#formats/dns-message/index.ts'
import type { DnsCounters } from '#ports/dns-server.ts'
import { type Purpose, Signatures } from './signatures.ts'

/** What a server is told to sign with. */
export interface DnssecSetup {
  readonly keys: readonly ZoneKey[]
  readonly signaturesPerSecond: number
}

export interface SignedSection {
  readonly records: readonly ResourceRecord[]
  /** When the first of its signatures is to be another. */
  readonly renewAt: number
}

/** Signatures begin an hour before they are made. A clock that is set back by more would leave some that have not begun. */
const SET_BACK_SECONDS = 1800

/** Types that are signed by every key in the zone, since the parent's DS may be of any. */
const KEY_TYPES = new Set<number>([TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY])

export function isKeyType(type: number): boolean {
  return KEY_TYPES.has(type)
}

/** Keys of a zone at work. Their states change with time, so it is told the time with every call. */
export class ZoneSigner {
  readonly #zone: DnsName
  readonly #keys: readonly ZoneKey[]
  readonly #signatures: Signatures
  #published: readonly Signer[] = []
  #active: readonly Signer[] = []
  #records: readonly ResourceRecord[] = []
  #changeAt = Number.NEGATIVE_INFINITY
  #latest = Number.NEGATIVE_INFINITY

  constructor(zone: DnsName, { keys, signaturesPerSecond }: DnssecSetup, counters: DnsCounters) {
    this.#zone = zone
    this.#keys = keys
    this.#signatures = new Signatures(signaturesPerSecond, counters)
  }

  /** True: other keys sign than before, or the clock was set back, and nothing that is kept may be sent any more. */
  follow(now: EpochSeconds): boolean {
    const isSetBack = now < this.#latest - SET_BACK_SECONDS
    this.#latest = isSetBack ? now : Math.max(this.#latest, now)
    if (now < this.#changeAt && !isSetBack) return false
    const signers = new Map(this.#keys.map((key) => [key, signerOf(key, this.#zone)]))
    const those = (keys: readonly ZoneKey[]) => keys.flatMap((key) => signers.get(key) ?? [])
    this.#published = those(publishedKeys(this.#keys, now))
    this.#active = those(signingKeys(this.#keys, now))
    this.#records = keyRecords(this.#zone, this.#keys, now, DNSKEY_TTL_SECONDS)
    this.#changeAt = nextChange(this.#keys, now) ?? Number.POSITIVE_INFINITY
    this.#signatures.clear()
    return true
  }

  /** DNSKEY, CDS or CDNSKEY of the apex. */
  keyRecords(type: number): readonly ResourceRecord[] {
    return this.#records.filter(({ data }) => typeOf(data) === type)
  }

  /** A section with the signatures behind each of its sets; undefined: the budget is used up. */
  sign(
    section: readonly ResourceRecord[],
    purpose: Purpose,
    nowMs: number,
  ): SignedSection | undefined {
    const records: ResourceRecord[] = []
    let renewAt = Number.POSITIVE_INFINITY
    for (const set of recordSets(section)) {
      const [first] = set.records
      const ofKeys = first !== undefined && isKeyType(typeOf(first.data))
      const signers = ofKeys ? this.#published : this.#active
      const signed = this.#signatures.of(set, signers, purpose, nowMs)
      if (signed === undefined) return undefined
      records.push(...set.records, ...signed.records)
      renewAt = Math.min(renewAt, signed.renewAt)
    }
    return { records, renewAt }
  }

  hasSpare(nowMs: number): boolean {
    return this.#signatures.hasSpare(nowMs)
  }

  soonestEnd(nowMs: number): number {
    return this.#signatures.soonestEnd(nowMs)
  }

  /** Bounded, whatever strangers ask. */
  get signaturesKept(): number {
    return this.#signatures.size
  }
}
