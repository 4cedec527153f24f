import type { Serial } from '#base/names.ts'
import type { Sight } from '#core/health/index.ts'
import type { Release } from '#core/release/index.ts'

/** One address of a mirror, to be looked at as clients would see it. */
export interface CheckTarget {
  readonly name: string
  /** IPv4 or IPv6 literal: no resolver stands between. */
  readonly address: string
  readonly port: number
  /** Every host name that it is to answer for (R42–R44); at least one. */
  readonly hosts: readonly string[]
}

/** What a mirror that says it has this release must serve. */
export interface Reference {
  readonly release: Release
  /** Bytes of one of its files, where the observer has them at hand; undefined when they are gone. */
  readonly read?: (path: string, from: number, bytes: number) => Promise<Uint8Array | undefined>
}

/** The release of that serial; undefined where it is no longer known. */
export type References = (serial: Serial) => Reference | undefined

/** A full check: every host name, the timestamp, the header of each database, some real bytes. */
export interface MirrorCheck {
  /** What is wrong is what was seen. Throws the signal's reason only. */
  look(target: CheckTarget, references: References, signal: AbortSignal): Promise<Sight>
}
