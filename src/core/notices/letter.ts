import { createHash } from 'node:crypto'
import type { EpochMs } from '#base/time.ts'

/** The three lists of the network (requirements, "Lists"), each an address in the settings. */
export type ListName = 'virusdb' | 'mirrors' | 'team'

export type Recipient =
  | { readonly kind: 'list'; readonly list: ListName }
  /** Whoever the registry names as admin of that mirror, when the letter goes out. */
  | { readonly kind: 'operator'; readonly mirror: string }

/** One message in plain text, the same for mail, feed and page. */
export interface Letter {
  /** Left part of the Message-ID; the same for the same letter, however often a crash makes it anew. */
  readonly id: string
  /** Ids of the letters before it in its thread, the first one first. */
  readonly thread: readonly string[]
  readonly to: readonly Recipient[]
  readonly at: EpochMs
  /** One line. */
  readonly subject: string
  readonly text: string
}

/** Longer lines wrap in old readers; longer subjects are cut in lists. */
const LINE_CHARS = 76
const SUBJECT_CHARS_MAX = 120
/** A letter is read by people. Beyond it "and so on". */
const TEXT_CHARS_MAX = 32_768

/** An id that follows from what the letter is about alone. */
export function letterId(...about: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 32)
}

/** Makes one line of what anybody typed: no line ends, no control or direction characters, a bounded length. */
export function oneLine(text: string, charsMax = SUBJECT_CHARS_MAX): string {
  const clean = text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim()
  return clean.length <= charsMax ? clean : `${clean.slice(0, charsMax - 1)}…`
}

/** Paragraphs of wrapped lines, with the network's name below. Lines that start with two blanks stay as they are. */
export function letterText(zone: string, paragraphs: readonly string[]): string {
  const body = paragraphs.map((text) => wrap(oneLine(text, TEXT_CHARS_MAX), text.startsWith('  ')))
  const text = body.join('\n').slice(0, TEXT_CHARS_MAX)
  return `${text}\n\n-- \nThe virus-database network of ${oneLine(zone)}\n`
}

function wrap(text: string, isItem: boolean): string {
  const lines: string[] = []
  let line = isItem ? '  ' : ''
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + word.length + 1 > LINE_CHARS) {
      lines.push(line)
      line = isItem ? '    ' : ''
    }
    line += line.trim() === '' ? word : ` ${word}`
  }
  return [...lines, line].join('\n')
}
