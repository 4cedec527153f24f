import { fail, type Outcome, ok } from '#base/outcome.ts'

/**
 * The text of a `.sign` (formats.md 3.1):
 *
 *     #clamsign-1.0
 *     <min level>:<max level or nothing>:pkcs7-pem:<base64 of DER on one line>
 *
 * Blank lines and `#` lines are skipped. The levels are not signed. `line` numbers count from 1.
 */
export interface ClamsignFile {
  readonly signatures: readonly ClamsignLine[]
}

export interface ClamsignLine {
  readonly line: number
  /** Engines of a functionality level below or above do not look at this line. */
  readonly minLevel: number
  readonly maxLevel?: number
  /** `pkcs7-pem` is the only one there is. */
  readonly type: string
  readonly data: string
}

export type ClamsignFileFault =
  | { readonly kind: 'too-large'; readonly charsMax: number }
  | { readonly kind: 'not-clamsign' }
  | { readonly kind: 'bad-line'; readonly line: number }

export const PKCS7_TYPE = 'pkcs7-pem'
/** A guess: a real line has 5140 characters, and a file with lines for several ranges a few of them. */
export const CLAMSIGN_CHARS_MAX = 256 * 1024
const MAGIC = '#clamsign'
const FORMAT = '1.0'
const LINE = /^(\d{1,6}):(\d{0,6}):([A-Za-z0-9-]+):(.*)$/

export function parseClamsign(text: string): Outcome<ClamsignFile, ClamsignFileFault> {
  if (text.length > CLAMSIGN_CHARS_MAX) {
    return fail({ kind: 'too-large', charsMax: CLAMSIGN_CHARS_MAX })
  }
  const [first = '', ...rest] = text.split('\n')
  const dash = first.indexOf('-')
  if (!first.startsWith(MAGIC) || dash < 0 || first.slice(dash + 1) !== FORMAT) {
    return fail({ kind: 'not-clamsign' })
  }
  const signatures: ClamsignLine[] = []
  for (const [index, content] of rest.entries()) {
    const line = index + 2
    if (content === '' || content.startsWith('#')) continue
    const [, min, max, type = '', data = ''] = LINE.exec(content) ?? []
    if (min === undefined) return fail({ kind: 'bad-line', line })
    const maxLevel = max === undefined || max === '' ? {} : { maxLevel: Number(max) }
    signatures.push({ line, minLevel: Number(min), ...maxLevel, type, data })
  }
  return ok({ signatures })
}

/** As sigtool writes it: an empty line before each signature but the first. */
export function printClamsign({ signatures }: ClamsignFile): string {
  return `${MAGIC}-${FORMAT}\n${signatures.map(printClamsignLine).join('\n')}`
}

/** Puts one more signature behind a file's text, which stays as it is. */
export function appendSignature(text: string, signature: Omit<ClamsignLine, 'line'>): string {
  return `${text}${text.endsWith('\n') ? '' : '\n'}\n${printClamsignLine(signature)}`
}

function printClamsignLine(signature: Omit<ClamsignLine, 'line'>): string {
  const { minLevel, maxLevel, type, data } = signature
  return `${minLevel}:${maxLevel ?? ''}:${type}:${data}\n`
}

/** The bytes of a line's base64, which must be written in the one standard way. */
export function decodeSignature(data: string): Uint8Array | undefined {
  const bytes = Buffer.from(data, 'base64')
  return data !== '' && bytes.toString('base64') === data ? bytes : undefined
}
