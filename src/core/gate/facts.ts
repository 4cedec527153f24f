import type { DbName, DbVersion } from '#base/names.ts'
import type { EpochSeconds } from '#base/time.ts'
import type { KeyRole } from '#formats/dsig/index.ts'

/** What was found in one frozen upload. Values only: whoever gathered them has read the files, the gate does not. */
export interface SetFacts {
  readonly databases: readonly DatabaseFacts[]
  readonly patches: readonly PatchFacts[]
  readonly sets: readonly PlainSetFacts[]
  /** Files that no rule can accept, with why. */
  readonly strangers: readonly { readonly file: string; readonly hint: string }[]
  /** Plain files, `.cud` and set signatures that no uploaded set lists. */
  readonly unlisted: readonly string[]
  readonly signatures: readonly SignatureFacts[]
}

export interface FileFacts {
  readonly file: string
  readonly bytes: number
  /** Lower-case hexadecimal; of the whole file. */
  readonly sha256: string
}

/** One `.cvd`. */
export interface DatabaseFacts extends FileFacts {
  readonly name: DbName
  /** Undefined when no header could be read; then `faults` says why. */
  readonly header:
    | {
        readonly version: DbVersion
        /** Header field 8. */
        readonly builtAt: EpochSeconds
        /** Header field 1, the same instant in words; undefined when it is no time. */
        readonly builtAtInWords: EpochSeconds | undefined
        /** Lower-case hexadecimal; of its 512 bytes. */
        readonly sha256: string
      }
    | undefined
  /** Names of the members, `.info` among them. */
  readonly members: readonly string[]
  /** The publisher whose keys signed both header and `.info`. */
  readonly signedBy: string | undefined
  /** His signatures that hold, and that engines 1.1 to 1.4 call incorrect. */
  readonly zerosLost: readonly KeyRole[]
  /** What is wrong with the file itself, in words. */
  readonly faults: readonly string[]
}

export interface PatchFacts extends FileFacts {
  readonly name: DbName
  /** From the file's name: freshclam goes by it. */
  readonly version: DbVersion
  readonly signedBy: string | undefined
  /** Its signature holds, and engines 1.1 to 1.4 call it incorrect. */
  readonly zerosLost: boolean
  readonly faults: readonly string[]
  /** Whether the patches up to this one lead from the published version to the uploaded one, member by member. */
  readonly leads:
    | { readonly kind: 'yes' }
    /** It is empty: the publisher's word that clients shall take the whole database (formats.md 4.3). */
    | { readonly kind: 'whole' }
    | { readonly kind: 'not-tried' }
    | { readonly kind: 'no'; readonly reason: string }
}

/** One `.sign`. */
export interface SignatureFacts extends FileFacts {
  /** The file's name without `.sign`: `daily-27001.cvd`, `daily-27001.cdiff`. */
  readonly of: string
  /** What engines from 1.5 on will make of it, with the certificates that the publisher of `of` has configured. */
  readonly verdict:
    | { readonly kind: 'good'; readonly signer: string }
    /** They would refuse the signed file, or could not make anything of the signature. */
    | { readonly kind: 'bad'; readonly reason: string }
    | { readonly kind: 'no-authority' }
    /** There is no such file, or nobody knows whose it is. */
    | { readonly kind: 'not-tried' }
}

/** A `NAME.set`, its signature, and the plain files it lists (decision 1b). */
export interface PlainSetFacts extends FileFacts {
  readonly name: DbName
  readonly version: DbVersion | undefined
  readonly signature:
    | ({ readonly kind: 'good'; readonly key: string } & FileFacts)
    | { readonly kind: 'bad'; readonly reason: string }
    | { readonly kind: 'missing' }
  /** The files that are there and named after the set or listed in it. */
  readonly files: readonly PlainFileFacts[]
  readonly listed: readonly { readonly file: string; readonly sha256: string }[]
  readonly faults: readonly string[]
}

export interface PlainFileFacts extends FileFacts {
  readonly faults: readonly string[]
}
