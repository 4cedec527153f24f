import {
  branded,
  byKind,
  type JsonReader,
  jsonCodec,
  listOf,
  object,
  oneOf,
  optional,
  text,
  textThat,
} from '#base/json.ts'
import { epochMs } from '#base/time.ts'
import type { Letter } from './letter.ts'
import type { OpenProblem } from './problem.ts'

/** How letters and problems are kept in the store. */

/** Guess: a problem that lasts a year and is told every day. */
const THREAD_MAX = 1000
const RECIPIENTS_MAX = 16
const TEXT_CHARS_MAX = 64 * 1024
const LINES_MAX = 12_000

const time = branded(
  (value) => (Number.isSafeInteger(value) ? epochMs(value) : undefined),
  'a time',
)
const id = textThat('the id of a letter', (value) => /^[0-9a-f]{32}$/.test(value))

const letter: JsonReader<Letter> = object({
  id,
  thread: listOf(id, THREAD_MAX),
  to: listOf(
    byKind({
      list: { list: oneOf(['virusdb', 'mirrors', 'team']) },
      operator: { mirror: text() },
    }),
    RECIPIENTS_MAX,
  ),
  at: time,
  subject: text(),
  text: text(TEXT_CHARS_MAX),
})

export const letterCodec = jsonCodec(letter)

const problem: JsonReader<OpenProblem> = object({
  key: text(),
  level: text(),
  since: time,
  title: text(),
  lines: listOf(text(), LINES_MAX),
  mirror: optional(text()),
  seenAt: time,
  lastAt: time,
  letters: listOf(id, THREAD_MAX),
  lastLetterAt: optional(time),
  toldLevel: optional(text()),
})

export const problemCodec = jsonCodec(problem)
