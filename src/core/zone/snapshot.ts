import type { DbName, DbVersion, Serial } from '#base/names.ts'
import type { EpochSeconds } from '#base/time.ts'
import type { Candidate } from '../selection/index.ts'

/**
 * Everything that the answers of a zone rest on, as one value. It is made of the store by whoever has it, travels as
 * JSON, and lies on a name server's disk, so that the next start answers at once, store or no store.
 */
export interface ZoneSnapshot {
  /** Small letters, without a final dot. */
  readonly zone: string
  /** Of the SOA; grows with every change of the answers (RFC 1982). */
  readonly serial: number
  /** When the source last said that this holds. */
  readonly heardAt: EpochSeconds
  readonly authority: Authority
  readonly nameServers: readonly Host[]
  /** `rsync` is round robin over them (R66–R69). */
  readonly masters: readonly Host[]
  readonly mirrors: readonly Candidate[]
  readonly announced: Announced | undefined
  /** Who was in the answers when the mirrors were last well, by family. */
  readonly lastGood: LastGood
  readonly policy: AnswerPolicy
}

/** Fields of the SOA besides serial and name server. Times in seconds. */
export interface Authority {
  /** Label of the primary name server, one of `nameServers`. */
  readonly primary: string
  /** Label of the mailbox, `hostmaster`. */
  readonly mailbox: string
  readonly refresh: number
  readonly retry: number
  readonly expire: number
  /** How long "no such name" may be kept. */
  readonly minimum: number
}

/** A machine with a name of its own below the zone. */
export interface Host {
  readonly name: string
  /** Each of 4 or 16 bytes. */
  readonly addresses: readonly Uint8Array[]
}

/** What clients are told is newest: moves when a quorum serves it, and never down (promises 2 and 4). */
export interface Announced {
  readonly serial: Serial
  readonly at: EpochSeconds
  readonly versions: ReadonlyMap<DbName, DbVersion>
  /** Field 0 of the record: newest version of the engine. */
  readonly newestClamav: string
  readonly versionWarning: number
  readonly level: number
  readonly safebrowsing: DbVersion | undefined
}

export interface LastGood {
  readonly ipv4: readonly string[]
  readonly ipv6: readonly string[]
}

/** Settings that shape the answers. TTLs in seconds. */
export interface AnswerPolicy {
  /** Addresses in one answer. */
  readonly addressesMax: number
  /** Mirrors that make a near set: a country with fewer is filled up with its neighbours. */
  readonly nearMirrorsMin: number
  readonly ttl: {
    readonly mirrors: number
    /** While one of the answered mirrors wobbles, or the set is not what it should be. */
    readonly wobbling: number
    /** Of the update records. */
    readonly records: number
    /** Of names that change with the settings only. */
    readonly hosts: number
  }
  /** Who may issue certificates for the zone (CAA); none: nothing is said. */
  readonly certificateIssuers: readonly string[]
  /** Also answers for `cvd.clamav.net`, where the resolver is ours (decision 17). */
  readonly overrideClamavNet: boolean
}

/** The caps that a snapshot from elsewhere must keep. */
export const SNAPSHOT_MIRRORS_MAX = 20_000
export const HOST_ADDRESSES_MAX = 16
export const REASON_CHARS_MAX = 500
/** Eight IPv6 addresses are 224 bytes; with name and CNAME they stay under the 512 of old resolvers (RFC 1035, 4.2.1). */
export const ADDRESSES_MAX = 13
/** Clients ask every two hours, and a mirror that left must be forgotten: a TTL beyond is a mistake. */
export const TTL_MAX = 86_400
/** freshclam asks once a run, and promise 6 is about seconds. */
export const RECORD_TTL_MAX = 300
