import { type ConfFault, type ConfLine, readConfLine, readConfLines } from '#base/clam-conf.ts'
import { type Outcome, ok } from '#base/outcome.ts'
import { fitsRule, ruleOf } from './options.ts'

export {
  CONF_CHARS_MAX,
  type ConfFault,
  type ConfLine,
  describeConfFault,
} from '#base/clam-conf.ts'

/**
 * `freshclam.conf`. Of an option that is given again the first counts, unless it may be repeated.
 *
 * Every line is kept as it was, so that printing gives the same bytes, and options that we do not know are reported and
 * kept: another freshclam may know them.
 */
export interface FreshclamConf {
  readonly lines: readonly ConfLine[]
  /** What freshclam ignores, or what only we do not know. */
  readonly remarks: readonly ConfRemark[]
}

export type ConfRemark = {
  readonly kind: 'unknown-option' | 'deprecated-option' | 'given-before'
  readonly line: number
  readonly name: string
}

export function parseFreshclamConf(text: string): Outcome<FreshclamConf, readonly ConfFault[]> {
  const lines = readConfLines(text, fitsOption)
  return lines.ok ? ok({ lines: lines.value, remarks: remarksOn(lines.value) }) : lines
}

/** The same bytes that were read; a last line without its end gets none. */
export function printFreshclamConf({ lines }: Pick<FreshclamConf, 'lines'>): string {
  return lines.map(({ text }) => text).join('\n')
}

/** A line of our own; undefined where the format cannot say the value: a `"`, a line end, too much. */
export function optionLine(name: string, value: string): ConfLine | undefined {
  const plain = /^[^\s"]+(?: [^\s]+)*$/.test(value)
  const text = `${name} ${plain ? value : `"${value}"`}`
  const read = readConfLine(text, 1, fitsOption)
  if (!read.ok || read.value.kind !== 'option') return undefined
  return read.value.name === name && read.value.value === value ? read.value : undefined
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

function remarksOn(lines: readonly ConfLine[]): readonly ConfRemark[] {
  const seen = new Set<string>()
  return lines.flatMap((line, index) => {
    if (line.kind === 'other') return []
    const { name } = line
    const kind = remarkOn(name, seen.has(name))
    seen.add(name)
    return kind === undefined ? [] : [{ kind, line: index + 1, name }]
  })
}

function remarkOn(name: string, given: boolean): ConfRemark['kind'] | undefined {
  const rule = ruleOf(name)
  if (rule === undefined) return 'unknown-option'
  if (rule.type === 'ignored') return 'deprecated-option'
  return rule.type !== 'texts' && given ? 'given-before' : undefined
}

function fitsOption(name: string, value: string): boolean {
  const rule = ruleOf(name)
  return rule === undefined || fitsRule(rule, value)
}
