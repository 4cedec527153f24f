import assert from 'node:assert'
import { fromLatin1, toLatin1 } from '#base/bytes.ts'
import { type DbVersion, dbVersion } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { type EpochSeconds, epochSeconds } from '#base/time.ts'
import { parseBuildTime } from './build-time.ts'

/**
 * The header of a database: nine fields joined by colons, padded with spaces to 512 bytes (formats.md 1.1).
 *
 * It is read in two ways. *Lenient* is what a ClamAV 1.4 does: cut at the first line end, `atoi` the numbers, live
 * without field 8. *Strict* is what newer engines and the check of an HTTP answer demand, and a little more: every
 * byte has one meaning, so that none can be changed without notice.
 */
export interface CvdHeader {
  /** Field 1 as it is written: `22 Jun 2021 14-58 -0400`. */
  readonly buildTime: string
  readonly version: DbVersion
  readonly signatures: number
  readonly functionalityLevel: number
  /** Lower-case hexadecimal, over the payload. Absent where the field says `X`. */
  readonly md5?: string
  /** Signature text over that MD5. Absent where the field says `X`. */
  readonly dsig?: string
  readonly builder: string
  /** Field 8; where a header from before September 2004 has none, field 1. */
  readonly builtAt: EpochSeconds
}

export type HeaderReading = 'lenient' | 'strict'

export const HEADER_FIELDS = [
  'build time',
  'version',
  'signatures',
  'functionality level',
  'MD5',
  'digital signature',
  'builder',
  'stime',
] as const
export type HeaderField = (typeof HEADER_FIELDS)[number]

export type HeaderFault =
  | { readonly kind: 'header-too-short'; readonly bytes: number }
  | { readonly kind: 'not-a-database' }
  | { readonly kind: 'header-unprintable'; readonly at: number }
  | { readonly kind: 'header-field-count'; readonly fields: number }
  | { readonly kind: 'header-bad-field'; readonly field: HeaderField; readonly text: string }

/** The format fixes it. */
export const HEADER_BYTES = 512
const MAGIC = 'ClamAV-VDB'
/** Longest login that sigtool takes. */
const BUILDER_CHARS_MAX = 32
const BUILDER = /^[\x21-\x39\x3b-\x7e]+$/
const COUNT = /^(?:0|[1-9][0-9]{0,9})$/
/** Counts are `unsigned int` in every client. */
const COUNT_MAX = 0xffff_ffff
/** Ten digits, to the year 2286. */
const STIME_MAX = 9_999_999_999
const MD5 = /^[0-9a-f]{32}$/
/** A signature has at least two characters, or clients take the field for "none". */
const DSIG = /^[A-Za-z0-9+/]{2,350}$/
const NONE = 'X'
/** A text in a fault is for reading; the file may hold anything. */
const FAULT_TEXT_CHARS_MAX = 64

export function parseHeader(
  bytes: Uint8Array,
  reading: HeaderReading,
): Outcome<CvdHeader, HeaderFault> {
  const text = toLatin1(bytes.subarray(0, HEADER_BYTES))
  if (!text.startsWith(`${MAGIC}:`)) {
    return bytes.byteLength < MAGIC.length + 1
      ? fail({ kind: 'header-too-short', bytes: bytes.byteLength })
      : fail({ kind: 'not-a-database' })
  }
  if (reading === 'lenient') return parseLenient(text)
  if (text.length < HEADER_BYTES) return fail({ kind: 'header-too-short', bytes: text.length })
  return parseHeaderLine(text.replace(/ +$/, ''))
}

/** The fields without padding, read strictly: also the first line of `.info`. */
export function parseHeaderLine(line: string): Outcome<CvdHeader, HeaderFault> {
  const at = line.search(/[^\x20-\x7e]/)
  if (at >= 0) return fail({ kind: 'header-unprintable', at })
  const [magic, ...fields] = line.split(':')
  if (magic !== MAGIC) return fail({ kind: 'not-a-database' })
  if (fields.length !== HEADER_FIELDS.length) {
    return fail({ kind: 'header-field-count', fields: fields.length + 1 })
  }
  const [buildTime = '', version = '', signatures = '', level = ''] = fields
  const [, , , , md5 = '', dsig = '', builder = '', stime = ''] = fields
  const number = dbVersion(count(version, COUNT_MAX) ?? -1)
  const builtAt = count(stime, STIME_MAX)
  if (parseBuildTime(buildTime) === undefined) return bad('build time', buildTime)
  if (number === undefined) return bad('version', version)
  if (count(signatures, COUNT_MAX) === undefined) return bad('signatures', signatures)
  if (count(level, COUNT_MAX) === undefined) return bad('functionality level', level)
  if (md5 !== NONE && !MD5.test(md5)) return bad('MD5', md5)
  if (dsig !== NONE && !DSIG.test(dsig)) return bad('digital signature', dsig)
  if (!BUILDER.test(builder) || builder.length > BUILDER_CHARS_MAX) return bad('builder', builder)
  if (builtAt === undefined) return bad('stime', stime)
  return ok({
    buildTime,
    version: number,
    signatures: Number(signatures),
    functionalityLevel: Number(level),
    ...(md5 === NONE ? {} : { md5 }),
    ...(dsig === NONE ? {} : { dsig }),
    builder,
    builtAt: epochSeconds(builtAt),
  })
}

function parseLenient(text: string): Outcome<CvdHeader, HeaderFault> {
  const line = (/^[^\r\n\0]*/.exec(text)?.[0] ?? '').trimEnd()
  const [, ...fields] = line.split(':')
  if (fields.length < HEADER_FIELDS.length - 1) {
    return fail({ kind: 'header-field-count', fields: fields.length + 1 })
  }
  const [buildTime = '', version = '', signatures = '', level = ''] = fields
  const [, , , , md5 = '', dsig = '', builder = '', stime] = fields
  const number = dbVersion(atoi(version))
  if (number === undefined) return bad('version', version)
  const builtAt = stime === undefined ? parseBuildTime(buildTime) : atoi(stime)
  if (builtAt === undefined || builtAt > STIME_MAX) {
    return stime === undefined ? bad('build time', buildTime) : bad('stime', stime)
  }
  return ok({
    buildTime,
    version: number,
    signatures: atoi(signatures),
    functionalityLevel: atoi(level),
    ...(MD5.test(md5) ? { md5 } : {}),
    ...(dsig.length > 1 ? { dsig } : {}),
    builder,
    builtAt: epochSeconds(builtAt),
  })
}

/** The fields without padding. `.info` repeats them without MD5 and signature. */
export function printHeaderLine(header: CvdHeader): string {
  const { buildTime, version, signatures, functionalityLevel, builder, builtAt } = header
  const { md5 = NONE, dsig = NONE } = header
  return `${MAGIC}:${buildTime}:${version}:${signatures}:${functionalityLevel}:${md5}:${dsig}:${builder}:${builtAt}`
}

/** 512 bytes. The caller's fields must fit: a name of 32 and a signature of 171 characters do. */
export function printHeader(header: CvdHeader): Uint8Array {
  const line = printHeaderLine(header)
  assert.ok(line.length <= HEADER_BYTES)
  return fromLatin1(line.padEnd(HEADER_BYTES, ' '))
}

/** True when fields 1 and 8 name the same minute, as they do in every honest build (decision 12). */
export function buildTimesAgree(header: CvdHeader): boolean {
  const minute = parseBuildTime(header.buildTime)
  return minute !== undefined && minute === header.builtAt - (header.builtAt % 60)
}

function count(text: string, max: number): number | undefined {
  return COUNT.test(text) && Number(text) <= max ? Number(text) : undefined
}

/** C's `atoi`, but for overflow: digits after blanks and a sign, else 0; nothing below zero. */
function atoi(text: string): number {
  const digits = /^\s*\+?(\d+)/.exec(text)?.[1]
  return Math.min(Number(digits ?? 0), Number.MAX_SAFE_INTEGER)
}

function bad(
  field: HeaderField,
  text: string,
): { readonly ok: false; readonly fault: HeaderFault } {
  return fail({ kind: 'header-bad-field', field, text: text.slice(0, FAULT_TEXT_CHARS_MAX) })
}
