import { fail, type Outcome, ok } from './outcome.ts'

/**
 * `freshclam.conf` and `clamd.conf`, which one parser of ClamAV reads: one `Name value` a line, `#` for comments (tried
 * with 1.4.6). Blanks around both are dropped; a value that starts with `"` ends at the next one, and what follows is
 * dropped; nothing is escaped.
 */
export type ConfLine =
  | { readonly kind: 'other'; readonly text: string }
  | {
      readonly kind: 'option'
      /** As it stands in the file. */
      readonly text: string
      readonly name: string
      readonly value: string
    }

export type ConfFault =
  | { readonly kind: 'too-large'; readonly line: number }
  | { readonly kind: 'line-too-long'; readonly line: number }
  | { readonly kind: 'control-character'; readonly line: number }
  /** A line `Example` says that nobody has looked at the file. */
  | { readonly kind: 'example'; readonly line: number }
  | { readonly kind: 'value-missing'; readonly line: number; readonly name: string }
  | { readonly kind: 'quote-open'; readonly line: number; readonly name: string }
  | { readonly kind: 'bad-value'; readonly line: number; readonly name: string }

/** Whether an option may have this value; true for one that is not known. */
export type FitsOption = (name: string, value: string) => boolean

/** A guess: the longest file as shipped, all comments included, has 27 KB. */
export const CONF_CHARS_MAX = 256 * 1024
/** ClamAV's buffer of 1024 holds the line, its LF and a NUL; the rest would be read as a line of its own. */
const LINE_BYTES_MAX = 1022
/** Nobody reads more. */
const FAULTS_MAX = 50

/** All lines, in their order: line n of the file is entry n - 1. */
export function readConfLines(
  text: string,
  fits: FitsOption,
): Outcome<readonly ConfLine[], readonly ConfFault[]> {
  if (text.length > CONF_CHARS_MAX) return fail([{ kind: 'too-large', line: 1 }])
  const lines: ConfLine[] = []
  const faults: ConfFault[] = []
  for (const [index, content] of text.split('\n').entries()) {
    const read = readConfLine(content, index + 1, fits)
    if (read.ok) lines.push(read.value)
    else faults.push(read.fault)
  }
  return faults.length > 0 ? fail(faults.slice(0, FAULTS_MAX)) : ok(lines)
}

export function readConfLine(
  text: string,
  line: number,
  fits: FitsOption,
): Outcome<ConfLine, ConfFault> {
  if (Buffer.byteLength(text) > LINE_BYTES_MAX) return fail({ kind: 'line-too-long', line })
  const content = text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '')
  // ClamAV looks at no line of less than two characters.
  if (content.length < 2 || content.startsWith('#')) return ok({ kind: 'other', text })
  if (/[^\P{Cc}\t]/u.test(content)) return fail({ kind: 'control-character', line })
  if (content.startsWith('Example')) return fail({ kind: 'example', line })
  const [, name = content, rest = ''] = /^([^ \t]+)(?:[ \t]+(.*))?$/.exec(content) ?? []
  const shown = name.slice(0, 64)
  const value = rest.startsWith('"') ? quoted(rest) : rest
  if (value === undefined) return fail({ kind: 'quote-open', line, name: shown })
  if (value === '') return fail({ kind: 'value-missing', line, name: shown })
  if (!fits(name, value)) return fail({ kind: 'bad-value', line, name: shown })
  return ok({ kind: 'option', text, name, value })
}

export function describeConfFault(fault: ConfFault): string {
  switch (fault.kind) {
    case 'too-large':
      return `the file has more than ${CONF_CHARS_MAX} characters`
    case 'line-too-long':
      return `line ${fault.line} has more than ${LINE_BYTES_MAX} bytes`
    case 'control-character':
      return `line ${fault.line} holds a control character, such as the CR of a Windows file`
    case 'example':
      return `line ${fault.line} says Example: the file must be edited first`
    case 'value-missing':
      return `line ${fault.line}: ${fault.name} has no value`
    case 'quote-open':
      return `line ${fault.line}: the quote in front of the value of ${fault.name} is not closed`
    case 'bad-value':
      return `line ${fault.line}: ${fault.name} cannot have this value`
  }
}

/** Every value that a file gives an option, in their order. */
export function confValues(lines: readonly ConfLine[], name: string): readonly string[] {
  return lines.flatMap((line) => (line.kind === 'option' && line.name === name ? [line.value] : []))
}

/** `yes`, `true`, `1` and their opposites, in any case. */
export function parseConfBool(text: string): boolean | undefined {
  if (/^(?:yes|true|1)$/i.test(text)) return true
  return /^(?:no|false|0)$/i.test(text) ? false : undefined
}

export function parseConfNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function quoted(text: string): string | undefined {
  const end = text.indexOf('"', 1)
  return end < 0 ? undefined : text.slice(1, end)
}
