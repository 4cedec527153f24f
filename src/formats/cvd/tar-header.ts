import assert from 'node:assert'
import { fromLatin1, toLatin1 } from '#base/bytes.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { isMemberName, MEMBER_NAME_CHARS_MAX } from './member-name.ts'

/**
 * One block of 512 bytes before each member. sigtool writes name, size and checksum and leaves the rest NUL; GNU tar
 * of 2003 fills the other fields too. Read are name, size, checksum, type and the two ways of spelling a folder
 * (formats.md 1.2).
 */
export interface TarHeader {
  readonly name: string
  readonly bytes: number
}

export type TarHeaderFault =
  | { readonly kind: 'tar-bad-checksum'; readonly at: number }
  | { readonly kind: 'tar-bad-size'; readonly name: string }
  | { readonly kind: 'tar-bad-type'; readonly name: string; readonly type: string }

export const TAR_BLOCK_BYTES = 512
const NAME_AT = 0
const NAME_BYTES = 100
const SIZE_AT = 124
const SIZE_BYTES = 12
const CHECKSUM_AT = 148
const CHECKSUM_BYTES = 8
const TYPE_AT = 156
const MAGIC_AT = 257
const PREFIX_AT = 345
const PREFIX_BYTES = 155
const POSIX_MAGIC = 'ustar\0'
const BLANK = 0x20
const OCTAL = /^ *([0-7]+)[ \0]*$/

/** `at` is the block's place in the tar, for the fault. The name may be unsafe: the caller judges it. */
export function parseTarHeader(block: Uint8Array, at: number): Outcome<TarHeader, TarHeaderFault> {
  const text = toLatin1(block)
  const checksum = octal(text, CHECKSUM_AT, CHECKSUM_BYTES)
  if (checksum !== checksumOf(block)) return fail({ kind: 'tar-bad-checksum', at })
  const name = nameOf(text)
  const type = text.charAt(TYPE_AT)
  if (type !== '0' && type !== '\0') return fail({ kind: 'tar-bad-type', name, type })
  const bytes = octal(text, SIZE_AT, SIZE_BYTES)
  if (bytes === undefined) return fail({ kind: 'tar-bad-size', name })
  return ok({ name, bytes })
}

/** As sigtool writes it: size in octal without leading zeros, checksum of six digits, everything else NUL. */
export function printTarHeader({ name, bytes }: TarHeader): Uint8Array {
  assert.ok(isMemberName(name) && name.length <= MEMBER_NAME_CHARS_MAX)
  const block = new Uint8Array(TAR_BLOCK_BYTES)
  block.set(fromLatin1(name), NAME_AT)
  block.set(fromLatin1(bytes.toString(8)), SIZE_AT)
  block.set(fromLatin1(checksumOf(block).toString(8).padStart(6, '0')), CHECKSUM_AT)
  return block
}

/** How many bytes fill up the last block of a member. */
export function tarPadding(bytes: number): number {
  return (TAR_BLOCK_BYTES - (bytes % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES
}

/** A POSIX tar may keep the folder apart; joined, it shows the slash that gets the member refused. */
function nameOf(text: string): string {
  const name = untilNul(text, NAME_AT, NAME_BYTES)
  if (!text.startsWith(POSIX_MAGIC, MAGIC_AT)) return name
  const folder = untilNul(text, PREFIX_AT, PREFIX_BYTES)
  return folder === '' ? name : `${folder}/${name}`
}

function untilNul(text: string, at: number, length: number): string {
  const field = text.slice(at, at + length)
  const end = field.indexOf('\0')
  return end < 0 ? field : field.slice(0, end)
}

function octal(text: string, at: number, length: number): number | undefined {
  const digits = OCTAL.exec(text.slice(at, at + length))?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 8)
}

/** Sum of all bytes, the checksum's own field counted as blanks. */
function checksumOf(block: Uint8Array): number {
  let sum = CHECKSUM_BYTES * BLANK
  for (const [at, byte] of block.entries()) {
    if (at < CHECKSUM_AT || at >= CHECKSUM_AT + CHECKSUM_BYTES) sum += byte
  }
  return sum
}
