import type { GzipFault } from './gunzip.ts'
import type { HeaderFault } from './header.ts'
import type { InfoFault } from './info.ts'
import type { TarFault } from './tar-reader.ts'

/** How the file says what it is: by its extension, as clients decide it (formats.md 1.4). */
export type DatabaseKind = 'cvd' | 'cld' | 'cud'

export type LimitFault =
  | { readonly kind: 'file-too-large'; readonly bytesMax: number }
  | { readonly kind: 'unpacked-too-large'; readonly bytesMax: number }
  | { readonly kind: 'ratio-too-high'; readonly ratioMax: number }
  | { readonly kind: 'too-many-members'; readonly membersMax: number }
  | { readonly kind: 'info-too-large'; readonly bytesMax: number }

export type OuterFault =
  | { readonly kind: 'md5-differs'; readonly stated: string; readonly computed: string }
  | { readonly kind: 'md5-absent' }
  /** A `.cld` is not covered by its header; a value there is from somewhere else. */
  | { readonly kind: 'md5-unexpected' }
  | { readonly kind: 'header-not-signed' }
  /** No known publisher made it, or not over this payload. */
  | { readonly kind: 'header-signature-wrong' }
  /** In a kind of database whose header nobody signs. */
  | { readonly kind: 'header-signature-unexpected' }

export type InnerFault =
  | { readonly kind: 'copying-not-first'; readonly found: string }
  | { readonly kind: 'info-missing' }
  | { readonly kind: 'info-not-second'; readonly at: number }
  | { readonly kind: 'info-not-signed' }
  | { readonly kind: 'info-signature-wrong' }
  | { readonly kind: 'info-signature-unexpected' }
  | { readonly kind: 'publishers-differ'; readonly header: string; readonly info: string }
  | {
      readonly kind: 'info-field-differs'
      readonly field: string
      readonly header: string
      readonly info: string
    }

export type MemberFault =
  | { readonly kind: 'member-bad-name'; readonly name: string }
  | { readonly kind: 'member-twice'; readonly name: string }
  | { readonly kind: 'member-empty'; readonly name: string }
  | { readonly kind: 'member-unlisted'; readonly name: string }
  | { readonly kind: 'member-missing'; readonly name: string }
  | {
      readonly kind: 'member-size-differs'
      readonly name: string
      readonly listed: number
      readonly found: number
    }
  | { readonly kind: 'member-hash-differs'; readonly name: string }

/** Everything that can be wrong with a database. */
export type CvdFault =
  | HeaderFault
  | LimitFault
  | OuterFault
  | GzipFault
  | TarFault
  | InfoFault
  | InnerFault
  | MemberFault

/** Nobody reads more, and a hostile file could make any number of them. */
export const FAULTS_MAX = 50
