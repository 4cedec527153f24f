import { SHOWN_CHARS_MAX } from './limits.ts'

/** Control characters of both blocks: they would move a terminal's cursor or split a log line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come through
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g

/** Somebody else's words, made harmless for a terminal and a log: one line, bounded, no control characters. */
export function harmless(text: string, charsMax = SHOWN_CHARS_MAX): string {
  const short = text.length > charsMax ? `${text.slice(0, charsMax)}…` : text
  return short.replaceAll(CONTROL, '?')
}

/** Guess: a line of a sync's report is far shorter; the rest of a longer one is dropped. */
const LINE_CHARS_MAX = 2000

/** Cuts a byte stream into harmless lines, as they come. Feed it, and end it once. */
export class LineSplitter {
  #rest = ''
  readonly #decoder = new TextDecoder()
  readonly #onLine: (line: string) => void

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  feed(bytes: Uint8Array): void {
    const parts = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split(/\r*\n/)
    this.#rest = (parts.pop() ?? '').slice(0, LINE_CHARS_MAX + 1)
    for (const line of parts) this.#onLine(harmless(line, LINE_CHARS_MAX))
  }

  end(): void {
    if (this.#rest !== '') this.#onLine(harmless(this.#rest, LINE_CHARS_MAX))
    this.#rest = ''
  }
}
