/**
 * The line formats of plain signature files (ClamAV's signature manual; checked against clamscan 1.4.6 in
 * `test/interop`). Structure only: field counts, numbers, hexadecimal. Whether a pattern makes sense is for the engine
 * to say when it loads the file. Where the engine forgives, so do we; lines that only other engines read (a highest
 * level is given) keep what they like in their pattern: ClamAV's own end-of-life message is such a line.
 */
export interface LineFormat {
  readonly separator: ':' | ';' | '='
  readonly fieldsMin: number
  readonly fieldsMax: number
  /** The engine's buffer for a line, its end included. */
  readonly lineBytesMax: number
  /** Bytes above 0x7e are at home in regular expressions, host names and passwords. */
  readonly beyondAscii?: boolean
  /** In words what is wrong. */
  readonly check: (fields: readonly string[]) => string | undefined
}

const LINE_BYTES = 8192
const LOGICAL_LINE_BYTES = 32_768
/** The engine keeps sizes in 32 bits and uses the highest value as a mark. */
const SIZE_MAX = 4_294_967_294
/** Hashes of files of any size are known to engines from this level on. */
const WILD_SIZE_LEVEL = 73
const HEX_SIGNATURE = /^[0-9A-Fa-f?*{}()[\]|!BLW-]+$/
const OFFSET = /^(?:\*|\d+|EOF-\d+|EP[+-]\d+|S\d+[+-]\d+|SL\+\d+|SE\d+|VI|\$\d+\$)(?:,\d+)?$/
/** Entry point, sections, version information: an engine takes the whole file for malformed where it knows better. */
const PROGRAM_OFFSET = /^(?:EP|S|VI)/

export const LINE_FORMATS: ReadonlyMap<string, LineFormat> = new Map<string, LineFormat>([
  ...formats('db', { separator: '=', fieldsMin: 2, fieldsMax: 2, check: textSignature }),
  ...formats('ndb ndu sdb', { separator: ':', fieldsMin: 4, fieldsMax: 6, check: extended }),
  ...formats('hdb hdu hsb hsu fp sfp imp', {
    separator: ':',
    fieldsMin: 3,
    fieldsMax: 5,
    check: ([hash, size, name, level]) => hashed(hash, size, name, level),
  }),
  ...formats('mdb mdu msb msu', {
    separator: ':',
    fieldsMin: 3,
    fieldsMax: 5,
    check: ([size, hash, name, level]) => hashed(hash, size, name, level),
  }),
  ...formats('ldb ldu', {
    separator: ';',
    fieldsMin: 4,
    fieldsMax: 67,
    lineBytesMax: LOGICAL_LINE_BYTES,
    check: logical,
  }),
  ...formats('ign', { separator: ':', fieldsMin: 1, fieldsMax: 3, check: named }),
  ...formats('ign2', { separator: ':', fieldsMin: 1, fieldsMax: 3, check: ignored }),
  ...formats('ftm', { separator: ':', fieldsMin: 6, fieldsMax: 8, check: fileType }),
  ...formats('cdb', {
    separator: ':',
    fieldsMin: 10,
    fieldsMax: 12,
    beyondAscii: true,
    check: named,
  }),
  ...formats('idb', { separator: ':', fieldsMin: 4, fieldsMax: 4, check: icon }),
  ...formats('zmd rmd', { separator: ':', fieldsMin: 9, fieldsMax: 9, check: named }),
  ...formats('pdb wdb', {
    separator: ':',
    fieldsMin: 2,
    fieldsMax: 4,
    beyondAscii: true,
    check: phishing,
  }),
  ...formats('gdb', { separator: ':', fieldsMin: 3, fieldsMax: 4, check: safeBrowsing }),
  ...formats('crb', { separator: ';', fieldsMin: 11, fieldsMax: 13, check: named }),
  ...formats('pwdb', {
    separator: ';',
    fieldsMin: 4,
    fieldsMax: 4,
    beyondAscii: true,
    check: named,
  }),
])

function formats(
  extensions: string,
  format: Omit<LineFormat, 'lineBytesMax'> & { readonly lineBytesMax?: number },
): readonly (readonly [string, LineFormat])[] {
  const whole: LineFormat = { lineBytesMax: LINE_BYTES, ...format }
  return extensions.split(' ').map((extension) => [extension, whole])
}

function named([name]: readonly string[]): string | undefined {
  return name === '' ? 'the name is empty' : undefined
}

function textSignature([name, hex = '']: readonly string[]): string | undefined {
  if (name === '') return 'the name is empty'
  return HEX_SIGNATURE.test(hex) ? undefined : 'the signature is not hexadecimal'
}

function extended(fields: readonly string[]): string | undefined {
  const [name = '', target = '', offset = '', hex = '', lowest, highest] = fields
  if (name === '') return 'the name is empty'
  if (!/^(?:\*|\d{1,3})$/.test(target)) return 'the target type is not a number or *'
  if (!isLevel(lowest) || !isLevel(highest)) return 'a functionality level is not a number'
  if (highest !== undefined) return undefined
  if (!OFFSET.test(offset)) return 'the offset is not one'
  if (lowest === undefined && PROGRAM_OFFSET.test(offset) && !canHoldPrograms(target)) {
    return `the offset is one in programs, the target type ${target} is none (1, 6 and 9 are)`
  }
  return HEX_SIGNATURE.test(hex) ? undefined : 'the signature is not hexadecimal'
}

/** A target type that engines of today do not know is passed over, whatever the line says. */
function canHoldPrograms(target: string): boolean {
  const type = target === '*' ? 0 : Number(target)
  return type === 1 || type === 6 || type === 9 || type > 14
}

function hashed(hash = '', size = '', name = '', lowest?: string): string | undefined {
  if (!/^(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/.test(hash)) {
    return 'the hash has not 32, 40 or 64 hexadecimal digits'
  }
  if (size === '*') {
    const isKnown = Number(lowest ?? 0) >= WILD_SIZE_LEVEL
    if (!isKnown) return `size * needs a lowest functionality level of ${WILD_SIZE_LEVEL}`
  } else if (!/^\d{1,10}$/.test(size) || Number(size) < 1 || Number(size) > SIZE_MAX) {
    return `the size is not a number from 1 to ${SIZE_MAX}`
  }
  return name === '' ? 'the name is empty' : undefined
}

function logical([name, target = '', expression = '', ...parts]: readonly string[]):
  | string
  | undefined {
  if (name === '') return 'the name is empty'
  if (!/^[A-Za-z0-9]+:[^,;]+(?:,[A-Za-z0-9]+:[^,;]+)*$/.test(target)) {
    return 'the target description is not "Key:Value,…"'
  }
  if (!/^[0-9&|()=<>,!]+$/.test(expression)) return 'the expression is not a logical one'
  if (parts.includes('')) return 'a part signature is empty'
  const numbers = withoutCounts(expression).match(/\d+/g)?.map(Number) ?? []
  const wanted = Math.max(-1, ...numbers) + 1
  if (wanted !== parts.length) {
    return `the expression names ${wanted} part signatures, ${parts.length} are there`
  }
  return undefined
}

/** `0>2,1` means "part 0 more than twice, of one kind": only the first number names a part. */
function withoutCounts(expression: string): string {
  return expression.replaceAll(/[=<>]\d+(?:,\d+)?/g, '')
}

function ignored([name = '', md5, oldName]: readonly string[]): string | undefined {
  if ((oldName ?? name) === '') return 'the name is empty'
  // Three fields are the old form: file, line and name.
  if (oldName !== undefined || md5 === undefined || /^[0-9A-Fa-f]{32}$/.test(md5)) return undefined
  return 'the MD5 has not 32 hexadecimal digits'
}

function fileType([
  type = '',
  offset = '',
  magic = '',
  name = '',
  ,
  ,
  lowest,
  highest,
]: readonly string[]): string | undefined {
  if (!/^\d$/.test(type)) return 'the magic type is not a digit'
  if (!/^(?:\*|\d+|EOF-\d+)(?:,\d+)?$/.test(offset)) return 'the offset is not one'
  if (!HEX_SIGNATURE.test(magic)) return 'the magic bytes are not hexadecimal'
  if (!isLevel(lowest) || !isLevel(highest)) return 'a functionality level is not a number'
  return name === '' ? 'the name is empty' : undefined
}

function icon([name = '', , , hash = '']: readonly string[]): string | undefined {
  if (name === '') return 'the name is empty'
  return /^[0-9A-Fa-f]{124}$/.test(hash) ? undefined : 'the hash has not 124 hexadecimal digits'
}

function phishing([kind = '']: readonly string[]): string | undefined {
  return /^[RHXMY][0-9A-Za-z]*$/.test(kind)
    ? undefined
    : 'the line does not start with R, H, X, M or Y'
}

function safeBrowsing([kind = '', list = '', hash = '']: readonly string[]): string | undefined {
  if (!/^S[12]?$/.test(kind)) return 'the line does not start with S, S1 or S2'
  if (!/^[FPW]$/.test(list)) return 'the list is not F, P or W'
  return /^(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{64})$/.test(hash)
    ? undefined
    : 'the hash has not 8 or 64 hexadecimal digits'
}

function isLevel(text: string | undefined): boolean {
  return text === undefined || /^\d{1,5}$/.test(text)
}
