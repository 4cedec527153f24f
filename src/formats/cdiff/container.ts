import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { fromLatin1, toLatin1 } from '#base/bytes.ts'
import { type DbVersion, dbVersion } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'

/**
 * `NAME-VERSION.cdiff`, the patch that leads from VERSION - 1 to VERSION (formats.md 4.1):
 *
 *     ClamAV-Diff:<version>:<script length>:<gzip of the script>:<signature>
 *
 * Signed is everything before the last colon. The signature itself is checked elsewhere (`dsig`, key "CDIFF"); so is
 * whether the version agrees with the file's name. An empty file is no patch but the publisher's word for "take the
 * whole database", and has a fault of its own. Clients do not hold the header to be true; we do.
 */
export interface Cdiff {
  readonly version: DbVersion
  /** As the header says; `unpackScript` holds it to that. */
  readonly scriptBytes: number
  readonly gzip: Uint8Array
  readonly signed: Uint8Array
  /** Text in the alphabet of formats.md 2.1. */
  readonly signature: string
}

export type CdiffFault =
  | { readonly kind: 'empty-patch' }
  | { readonly kind: 'patch-too-large'; readonly bytes: number; readonly bytesMax: number }
  | { readonly kind: 'patch-too-short'; readonly bytes: number }
  | { readonly kind: 'bad-patch-header' }
  | { readonly kind: 'no-patch-signature' }
  | { readonly kind: 'script-too-large'; readonly bytes: number; readonly bytesMax: number }
  | { readonly kind: 'script-too-dense'; readonly ratio: number; readonly ratioMax: number }
  | { readonly kind: 'bad-gzip' }
  | { readonly kind: 'script-length-differs'; readonly declared: number }

/** Guess: ten times a large daily patch. A publisher with a larger change ships the whole database. */
export const CDIFF_BYTES_MAX = 16 * 1024 * 1024
/** Guess: the script of the largest patch above at a usual density. It is held in memory as a whole. */
export const SCRIPT_BYTES_MAX = 64 * 1024 * 1024
/** Signatures pack at about 2 : 1, deletions alone at about 20 : 1; DEFLATE itself ends near 1030 : 1. */
export const SCRIPT_RATIO_MAX = 100
/** A small script of equal lines may be dense without being a bomb. */
const SCRIPT_RATIO_FREE_BYTES = 1024 * 1024
/** The signature is looked for in this many bytes at the end, and no shorter file is a patch (formats.md 4.1). */
const TAIL_BYTES = 350
/** `ClamAV-Diff:` and two numbers of ten digits, with room to spare. */
const HEADER_BYTES_MAX = 64
const GZIP_CHUNK_BYTES_MIN = 64
const GZIP_LEVEL = 9

export function parseCdiff(bytes: Uint8Array): Outcome<Cdiff, CdiffFault> {
  const length = bytes.byteLength
  if (length === 0) return fail({ kind: 'empty-patch' })
  if (length > CDIFF_BYTES_MAX) {
    return fail({ kind: 'patch-too-large', bytes: length, bytesMax: CDIFF_BYTES_MAX })
  }
  if (length < TAIL_BYTES) return fail({ kind: 'patch-too-short', bytes: length })
  const head = toLatin1(bytes.subarray(0, HEADER_BYTES_MAX))
  const match = /^ClamAV-Diff:(0|[1-9]\d{0,9}):(0|[1-9]\d{0,9}):/.exec(head)
  const version = dbVersion(Number(match?.[1] ?? Number.NaN))
  if (match === null || version === undefined) return fail({ kind: 'bad-patch-header' })
  const tail = toLatin1(bytes.subarray(length - TAIL_BYTES))
  const signature = /:([A-Za-z0-9+/]+)$/.exec(tail)?.[1]
  if (signature === undefined) return fail({ kind: 'no-patch-signature' })
  const signed = bytes.subarray(0, length - signature.length - 1)
  const gzip = signed.subarray(match[0].length)
  if (gzip.byteLength === 0) return fail({ kind: 'bad-gzip' })
  return ok({ version, scriptBytes: Number(match[2]), gzip, signed, signature })
}

/** SHA-256 over the signed bytes: what the signature is about. */
export function signedDigest(cdiff: Cdiff): Uint8Array {
  return createHash('sha256').update(cdiff.signed).digest()
}

/** Inflates the script, never beyond what the header declares, nor beyond the caps. */
export function unpackScript({ gzip, scriptBytes }: Cdiff): Outcome<Uint8Array, CdiffFault> {
  if (scriptBytes > SCRIPT_BYTES_MAX) {
    return fail({ kind: 'script-too-large', bytes: scriptBytes, bytesMax: SCRIPT_BYTES_MAX })
  }
  const ratio = Math.ceil(scriptBytes / gzip.byteLength)
  if (scriptBytes > SCRIPT_RATIO_FREE_BYTES && ratio > SCRIPT_RATIO_MAX) {
    return fail({ kind: 'script-too-dense', ratio, ratioMax: SCRIPT_RATIO_MAX })
  }
  try {
    const script = gunzipSync(gzip, {
      chunkSize: Math.max(scriptBytes, GZIP_CHUNK_BYTES_MIN),
      maxOutputLength: Math.max(scriptBytes, 1),
    })
    if (script.byteLength === scriptBytes) return ok(script)
  } catch (error) {
    if (!isTooLarge(error)) return fail({ kind: 'bad-gzip' })
  }
  return fail({ kind: 'script-length-differs', declared: scriptBytes })
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}

/**
 * A whole patch. `sign` makes the signature text over the SHA-256 of what stands before it. A script that readers of
 * ours would refuse is refused here.
 */
export function printCdiff(
  version: DbVersion,
  script: Uint8Array,
  sign: (sha256: Uint8Array) => string,
): Outcome<Uint8Array, CdiffFault> {
  const gzip = gzipSync(script, { level: GZIP_LEVEL })
  const signed = printSignedPart(version, script.byteLength, gzip)
  const signature = sign(createHash('sha256').update(signed).digest())
  const bytes = Buffer.concat([signed, fromLatin1(`:${signature}`)])
  const read = parseCdiff(bytes)
  if (!read.ok) return read
  const unpacked = unpackScript(read.value)
  return unpacked.ok ? ok(bytes) : unpacked
}

/** The part of a patch that its publisher signs; a colon and the signature follow it. */
export function printSignedPart(
  version: DbVersion,
  scriptBytes: number,
  gzip: Uint8Array,
): Uint8Array {
  return Buffer.concat([fromLatin1(`ClamAV-Diff:${version}:${scriptBytes}:`), gzip])
}
