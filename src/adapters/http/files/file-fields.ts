/** The fields that every answer about a file carries, whatever its status: made once a file and release. */
import { createHash } from 'node:crypto'
import type { EpochSeconds } from '#base/time.ts'
import { type FileClass, fileClass } from '#core/limits/index.ts'
import { formatHttpDate } from '#formats/http-fields/index.ts'

export type Field = readonly [name: string, value: string]

/** As long as any proxy will keep it anyway. */
const FOR_GOOD = 'public, max-age=604800, immutable'
/** Kept by whoever likes, asked about each time. 1.0 proxies know no Cache-Control, but a date that has passed (R18). */
const ASK_ALWAYS: readonly Field[] = [
  ['Cache-Control', 'no-cache'],
  ['Expires', 'Thu, 01 Jan 1970 00:00:00 GMT'],
]
const CACHING: Readonly<Record<FileClass, readonly Field[]>> = {
  database: ASK_ALWAYS,
  patch: [['Cache-Control', FOR_GOOD]],
  signature: [['Cache-Control', FOR_GOOD]],
  pointer: ASK_ALWAYS,
  page: ASK_ALWAYS,
  local: [['Cache-Control', 'no-cache']],
}
const TAG_CHARS = 22

interface About {
  readonly path: string
  readonly bytes: number
  readonly lastModified: EpochSeconds
}

/**
 * Equal content has one tag on every mirror, as far as that is cheap to know: by hash where the content is at hand,
 * else by length and date, which for a `.cvd` is its build time and therefore the same everywhere (formats.md 5.5).
 */
export function entityTag({ bytes, lastModified }: About, content?: Uint8Array): string {
  if (content === undefined) return `"${bytes.toString(36)}-${lastModified.toString(36)}"`
  return `"${createHash('sha256').update(content).digest('base64url').slice(0, TAG_CHARS)}"`
}

export function fileFields(about: About, tag: string): readonly Field[] {
  return [
    ['Last-Modified', formatHttpDate(about.lastModified)],
    ['ETag', tag],
    ...CACHING[fileClass(about.path)],
    ['Accept-Ranges', 'bytes'],
  ]
}

/** For answers with a body of the file. */
export function bodyFields(contentType: string): readonly Field[] {
  return [
    ['Content-Type', contentType],
    ['X-Content-Type-Options', 'nosniff'],
  ]
}

/** As they stand on the wire. */
export function printFields(fields: readonly Field[]): string {
  return fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
}
