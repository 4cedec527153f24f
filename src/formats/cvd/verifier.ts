/**
 * What the signatures of one publisher look like from here. The arithmetic is another format's business; core joins
 * the two (`#core/databases`).
 */
export interface DatabaseVerifier {
  readonly publisher: string
  /** Is `text` this publisher's signature of a payload with this MD5? */
  header(md5: Uint8Array, text: string): boolean
  /** Is `text` this publisher's signature of `.info` bytes with this SHA-256? */
  info(sha256: Uint8Array, text: string): boolean
}

/** Makes the signatures of one publisher. */
export interface DatabaseSigner {
  header(md5: Uint8Array): string
  info(sha256: Uint8Array): string
}

/** The same, by somebody who takes his time: a signing service. */
export interface AsyncDatabaseSigner {
  header(md5: Uint8Array): Promise<string>
  info(sha256: Uint8Array): Promise<string>
}
