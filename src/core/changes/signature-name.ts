import { toLatin1 } from '#base/bytes.ts'

/**
 * What a line of a member is about, by the member's extension (formats.md 1.2; ClamAV's signature manual). People read
 * of kinds, not of extensions: `hdb` and `msb` are both hashes to them.
 */
export const SIGNATURE_KINDS = [
  'pattern',
  'logical',
  'hash',
  'bytecode',
  'container',
  'phishing',
  'yara',
  'allowed',
  'ignored',
  'other',
] as const
export type SignatureKind = (typeof SIGNATURE_KINDS)[number]

export interface MemberRule {
  readonly kind: SignatureKind
  /** `lines`: a signature a line, its name in this field. `file`: the member is one signature. */
  readonly unit:
    | { readonly per: 'lines'; readonly separator: string; readonly field: number | undefined }
    | { readonly per: 'file' }
}

const RULES: ReadonlyMap<string, MemberRule> = new Map([
  ...lines('pattern', '=', 0, 'db'),
  ...lines('pattern', ':', 0, 'ndb ndu sdb'),
  ...lines('logical', ';', 0, 'ldb ldu'),
  ...lines('hash', ':', 2, 'hdb hdu hsb hsu mdb mdu msb msu imp'),
  ...lines('container', ':', 0, 'cdb zmd rmd'),
  ...lines('phishing', ':', undefined, 'pdb gdb'),
  ...lines('allowed', ':', 2, 'fp sfp'),
  ...lines('allowed', ':', undefined, 'wdb'),
  ...lines('ignored', ':', 2, 'ign'),
  ...lines('ignored', ':', 0, 'ign2'),
  ...lines('other', ':', 0, 'idb'),
  ...lines('other', ':', 3, 'ftm'),
  ...lines('other', ';', 0, 'crb pwdb'),
  ...files('bytecode', 'cbc'),
  ...files('yara', 'yar yara'),
])

function lines(
  kind: SignatureKind,
  separator: string,
  field: number | undefined,
  extensions: string,
): readonly (readonly [string, MemberRule])[] {
  const rule: MemberRule = { kind, unit: { per: 'lines', separator, field } }
  return extensions.split(' ').map((extension) => [extension, rule])
}

function files(
  kind: SignatureKind,
  extensions: string,
): readonly (readonly [string, MemberRule])[] {
  return extensions.split(' ').map((extension) => [extension, { kind, unit: { per: 'file' } }])
}

/** Undefined for members that hold no signatures: `COPYING`, `.info`, `.cfg`. */
export function ruleOfMember(name: string): MemberRule | undefined {
  return RULES.get(name.slice(name.lastIndexOf('.') + 1).toLowerCase())
}

/** Blank lines and comments are no signatures. `line` is one without its LF. */
export function isSignature(line: Uint8Array): boolean {
  return line.byteLength > 0 && line[0] !== HASH
}

/** Undefined where the line has no name, or is cut before the name ends. */
export function nameIn(rule: MemberRule, line: Uint8Array, whole: boolean): string | undefined {
  if (rule.unit.per === 'file' || rule.unit.field === undefined) return undefined
  const { separator, field } = rule.unit
  const fields = toLatin1(line.subarray(0, NAME_WITHIN_BYTES)).split(separator, field + 2)
  const name = fields[field]
  const ends = whole || fields.length > field + 1
  return name === undefined || name === '' || !ends ? undefined : name.slice(0, NAME_CHARS_MAX)
}

const HASH = 0x23
/** Names stand in front; a file type's is behind a pattern. */
const NAME_WITHIN_BYTES = 2048
/** A guess: real ones stay below a hundred. */
const NAME_CHARS_MAX = 200
