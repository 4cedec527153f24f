import { fail, type Outcome, ok } from '#base/outcome.ts'
import { parseDuration } from '#base/quantity.ts'

/** One line of a scenario that happens or must hold. */
export interface Line {
  readonly number: number
  readonly text: string
  /** Since the story's start. */
  readonly atMs: number
  readonly verb: string
  readonly words: readonly string[]
}

export interface Story {
  readonly mirrors: number
  readonly settings: ReadonlyMap<string, string>
  readonly lines: readonly Line[]
}

/**
 *     mirrors 49
 *     set seed 7
 *     at 1d 2h  rot mirror7
 *               expect mirror7 listed
 *
 * A line without `at` happens at the time of the one before. `#` starts a remark.
 */
export function parseStory(text: string): Outcome<Story, string> {
  const settings = new Map<string, string>()
  const lines: Line[] = []
  let mirrors = 49
  let atMs = 0
  for (const [index, raw] of text.split('\n').entries()) {
    const number = index + 1
    const line = raw.replace(/(^|\s)#.*$/, '').trim()
    if (line === '') continue
    const timed = /^at ((?:\d+(?:ms|s|m|h|d) ?)+)\s+(.*)$/.exec(line)
    const ms = timed === null ? atMs : parseDuration((timed[1] ?? '').trim())
    const rest = timed?.[2] ?? line
    if (ms === undefined || ms < atMs) return fail(`line ${number}: time does not go back`)
    atMs = ms
    const [verb = '', ...words] = splitWords(rest)
    if (verb === 'mirrors') mirrors = Number(words[0])
    else if (verb === 'set') settings.set(words[0] ?? '', words.slice(1).join(' '))
    else lines.push({ number, text: line, atMs, verb, words })
  }
  return ok({ mirrors, settings, lines })
}

/** Words, and `/patterns with blanks/`. */
function splitWords(text: string): string[] {
  return [...text.matchAll(/\/(?:[^/\\]|\\.)+\/|\S+/g)].map(([word]) => word)
}
