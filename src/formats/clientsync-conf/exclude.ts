import { fail, type Outcome, ok } from '#base/outcome.ts'

/**
 * The value of `EXCLUDE`: rsync options as the historical script hands them over, `--exclude PATTERN` or
 * `--exclude=PATTERN`, any number of them (R63). Blanks separate; quotes and backslash keep a pattern with blanks
 * together. No other option is let through: what stands here must not reach rsync's command line by itself. Nor are
 * rsync's old prefixes in a pattern: a lone `!` would forget all others, `+ x` would fetch what it seems to keep out.
 */
export type ExcludeFault =
  | 'not-an-exclude-option'
  | 'pattern-missing'
  | 'not-a-plain-pattern'
  | 'open-quote'

export function parseExclude(value: string): Outcome<readonly string[], ExcludeFault> {
  const words = splitWords(value)
  if (!words.ok) return words
  const patterns: string[] = []
  const left = [...words.value]
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (word !== '--exclude' && !word.startsWith('--exclude=')) {
      return fail('not-an-exclude-option')
    }
    const pattern = word === '--exclude' ? left.shift() : word.slice('--exclude='.length)
    if (pattern === undefined || pattern === '') return fail('pattern-missing')
    if (/^!|^[+-] /.test(pattern)) return fail('not-a-plain-pattern')
    patterns.push(pattern)
  }
  return ok(patterns)
}

/** The inverse. A pattern of plain characters stays bare, since the historical script does not undo quotes here. */
export function printExclude(patterns: readonly string[]): string {
  return patterns.map((pattern) => `--exclude ${quoteWord(pattern)}`).join(' ')
}

function quoteWord(word: string): string {
  return /^[^\s'"\\]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** One word: runs of plain characters, escaped characters, and quoted parts. */
const WORD = /(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+/y
const PART = /\\(.)|'([^']*)'|"((?:[^"\\]|\\.)*)"/g

function splitWords(value: string): Outcome<readonly string[], ExcludeFault> {
  const words: string[] = []
  let at = 0
  while (at < value.length) {
    if (/\s/.test(value.charAt(at))) {
      at += 1
      continue
    }
    WORD.lastIndex = at
    const word = WORD.exec(value)?.[0]
    if (word === undefined) return fail('open-quote')
    at += word.length
    if (at < value.length && !/\s/.test(value.charAt(at))) return fail('open-quote')
    words.push(
      word.replaceAll(PART, (_all, escaped?: string, single?: string, double?: string) => {
        return escaped ?? single ?? double?.replaceAll(/\\(["\\])/g, '$1') ?? ''
      }),
    )
  }
  return ok(words)
}
