import { fail, type Outcome, ok } from '#base/outcome.ts'
import { fitsRule, ruleOf } from './options.ts'

/**
 * `freshclam.conf`: one `Name value` a line, `#` for comments (tried with freshclam 1.4.6). Blanks around both are
 * dropped; a value that starts with `"` ends at the next one, and what follows is dropped; nothing is escaped. Of an
 * option that is given again the first counts, unless it may be repeated.
 *
 * Every line is kept as it was, so that printing gives the same bytes, and options that we do not know are reported and
 * kept: another freshclam may know them.
 */
export interface FreshclamConf {
  readonly lines: readonly ConfLine[]
  /** What freshclam ignores, or what only we do not know. */
  readonly remarks: readonly ConfRemark[]
}

export type ConfLine =
  | { readonly kind: 'other'; readonly text: string }
  | {
      readonly kind: 'option'
      /** As it stands in the file. */
      readonly text: string
      readonly name: string
      readonly value: string
    }

export type ConfRemark = {
  readonly kind: 'unknown-option' | 'deprecated-option' | 'given-before'
  readonly line: number
  readonly name: string
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

/** A guess: the file as shipped, all comments included, has 9 KB. */
export const CONF_CHARS_MAX = 256 * 1024
/** freshclam's buffer of 1024 holds the line, its LF and a NUL; the rest would be read as a line of its own. */
const LINE_BYTES_MAX = 1022
/** Nobody reads more. */
const FAULTS_MAX = 50

export function parseFreshclamConf(text: string): Outcome<FreshclamConf, readonly ConfFault[]> {
  if (text.length > CONF_CHARS_MAX) return fail([{ kind: 'too-large', line: 1 }])
  const lines: ConfLine[] = []
  const remarks: ConfRemark[] = []
  const faults: ConfFault[] = []
  const seen = new Set<string>()
  for (const [index, content] of linesOf(text).entries()) {
    const line = index + 1
    const read = readLine(content, line)
    if (!read.ok) {
      faults.push(read.fault)
      continue
    }
    lines.push(read.value)
    if (read.value.kind === 'other') continue
    const { name } = read.value
    const rule = ruleOf(name)
    const kind =
      rule === undefined
        ? 'unknown-option'
        : rule.type === 'ignored'
          ? 'deprecated-option'
          : rule.type !== 'texts' && seen.has(name)
            ? 'given-before'
            : undefined
    if (kind !== undefined) remarks.push({ kind, line, name })
    seen.add(name)
  }
  return faults.length > 0 ? fail(faults.slice(0, FAULTS_MAX)) : ok({ lines, remarks })
}

/** The same bytes that were read; a last line without its end gets none. */
export function printFreshclamConf({ lines }: Pick<FreshclamConf, 'lines'>): string {
  return lines.map(({ text }) => text).join('\n')
}

/** A line of our own; undefined where the format cannot say the value: a `"`, a line end, too much. */
export function optionLine(name: string, value: string): ConfLine | undefined {
  const plain = /^[^\s"]+(?: [^\s]+)*$/.test(value)
  const text = `${name} ${plain ? value : `"${value}"`}`
  const read = readLine(text, 1)
  if (!read.ok || read.value.kind !== 'option') return undefined
  return read.value.name === name && read.value.value === value ? read.value : undefined
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

export function describeConfRemark({ kind, line, name }: ConfRemark): string {
  switch (kind) {
    case 'unknown-option':
      return `line ${line}: ${name} is not an option that we know`
    case 'deprecated-option':
      return `line ${line}: ${name} is ignored by today's freshclam`
    case 'given-before':
      return `line ${line}: ${name} was given before, and the first counts`
  }
}

function linesOf(text: string): readonly string[] {
  return text.split('\n')
}

function readLine(text: string, line: number): Outcome<ConfLine, ConfFault> {
  if (Buffer.byteLength(text) > LINE_BYTES_MAX) return fail({ kind: 'line-too-long', line })
  const content = text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '')
  // freshclam looks at no line of less than two characters.
  if (content.length < 2 || content.startsWith('#')) return ok({ kind: 'other', text })
  if (/[^\P{Cc}\t]/u.test(content)) return fail({ kind: 'control-character', line })
  if (content.startsWith('Example')) return fail({ kind: 'example', line })
  const [, name = content, rest = ''] = /^([^ \t]+)(?:[ \t]+(.*))?$/.exec(content) ?? []
  const shown = name.slice(0, 64)
  const value = rest.startsWith('"') ? quoted(rest) : rest
  if (value === undefined) return fail({ kind: 'quote-open', line, name: shown })
  if (value === '') return fail({ kind: 'value-missing', line, name: shown })
  const rule = ruleOf(name)
  if (rule !== undefined && !fitsRule(rule, value)) {
    return fail({ kind: 'bad-value', line, name: shown })
  }
  return ok({ kind: 'option', text, name, value })
}

function quoted(text: string): string | undefined {
  const end = text.indexOf('"', 1)
  return end < 0 ? undefined : text.slice(1, end)
}
