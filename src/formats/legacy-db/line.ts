import { fail, type Outcome, ok } from '#base/outcome.ts'

/**
 * One line of `viruses.db` or `viruses.db2`, as the clients of 2003 read it (formats.md 6.1): `Name=HEX`, split at the
 * first `=`. The hexadecimal digits are in lower case; `*` stands between parts that may be any distance apart, `??`
 * for a byte of any value (the real file of August 2003 has some). Bytes are Latin-1: one old name has an `ß`.
 *
 * Stricter than those clients where they would crash, refuse the whole file, or drop the line in silence.
 */
export interface LegacySignature {
  readonly name: string
  /** Hexadecimal, at least two plain bytes at the start of each. */
  readonly parts: readonly string[]
}

export type LegacyLineFault =
  /** The client stops here with "malformed pattern" and has no database. */
  | { readonly kind: 'no-equals-sign' }
  | { readonly kind: 'bad-name' }
  | { readonly kind: 'bad-pattern' }
  | { readonly kind: 'line-too-long' }
  /** `{`, `}` or a second `=` right behind the first: the client leaves such a line out. */
  | { readonly kind: 'future-type' }

/** The client's buffer of 131 072 bytes holds the line, its LF and a NUL. */
export const LEGACY_LINE_BYTES_MAX = 131_070

/** A `(` at the start would make the client write before the name, where it cuts ` (Clam)` off. */
const NAME = /^(?!\()[\x20-\x7e\x80-\xff]+$/
/** The client's tree is two bytes deep, and its root knows no wild bytes. */
const PATTERN =
  /^(?:[0-9a-f]{2}){2}(?:[0-9a-f]{2}|\?\?)*(?:\*(?:[0-9a-f]{2}){2}(?:[0-9a-f]{2}|\?\?)*)*$/

/** `line` is one without its LF, a character a byte. */
export function parseLegacyLine(line: string): Outcome<LegacySignature, LegacyLineFault> {
  if (line.length > LEGACY_LINE_BYTES_MAX) return fail({ kind: 'line-too-long' })
  const equals = line.indexOf('=')
  if (equals < 0) return fail({ kind: 'no-equals-sign' })
  if (/[{}]/.test(line) || line[equals + 1] === '=') return fail({ kind: 'future-type' })
  const name = line.slice(0, equals)
  const pattern = line.slice(equals + 1)
  if (!NAME.test(name)) return fail({ kind: 'bad-name' })
  if (!PATTERN.test(pattern)) return fail({ kind: 'bad-pattern' })
  return ok({ name, parts: pattern.split('*') })
}

export function printLegacyLine({ name, parts }: LegacySignature): string {
  return `${name}=${parts.join('*')}`
}

export function describeLegacyLineFault(fault: LegacyLineFault): string {
  switch (fault.kind) {
    case 'no-equals-sign':
      return 'no "=": old clients refuse the whole file'
    case 'bad-name':
      return 'the name is empty, starts with "(" or holds a control character'
    case 'bad-pattern':
      return 'the pattern is not of lower-case bytes, "??" and "*", with two plain bytes in front of each part'
    case 'line-too-long':
      return `the line has more than ${LEGACY_LINE_BYTES_MAX} bytes`
    case 'future-type':
      return 'old clients leave lines with "{", "}" or "==" out'
  }
}
