import type { RangeTable } from '#core/places/index.ts'

/** Where countries of addresses come from. */
export type PlaceSource =
  /** Tor's ranges, as Debian's `tor-geoipdb` has them in /usr/share/tor. */
  | { readonly kind: 'tor'; readonly ipv4: string; readonly ipv6: string }
  /** A MaxMind database of the operator's, with `country.iso_code`. */
  | { readonly kind: 'mmdb'; readonly file: string }

export interface PlaceData {
  readonly table: RangeTable
  /** When the data were made, as they say themselves; milliseconds since 1970. */
  readonly madeAtMs: number | undefined
  readonly ranges: number
}

export class GeoError extends Error {
  override readonly name = 'GeoError'
  readonly code: 'missing' | 'unreadable' | 'bad-data'

  constructor(code: GeoError['code'], action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

export function filesOf(source: PlaceSource): readonly string[] {
  return source.kind === 'tor' ? [source.ipv4, source.ipv6] : [source.file]
}

/** For a catch: the fault with what caused it. */
export function geoError(code: GeoError['code'], action: string, cause: unknown): GeoError {
  return new GeoError(code, action, { cause })
}
