/**
 * On which line a key stands. The TOML library tells lines of syntax errors only, and an operator looks for his
 * mistake by its line. The text has been parsed before, so it is known to be TOML; here only keys, headers and the
 * ends of values are found. Paths are dotted, elements of lists in brackets: `master.mirrors[1].host`.
 */
export type LineIndex = (path: string) => number

export function indexLines(text: string): LineIndex {
  const scanner = new Scanner(text)
  scanner.run()
  return (path) => {
    for (let wanted = path; wanted !== ''; wanted = parentOf(wanted)) {
      const line = scanner.lines.get(wanted)
      if (line !== undefined) return line
    }
    return 1
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['), 0))
}

class Scanner {
  readonly lines = new Map<string, number>()
  readonly #text: string
  /** How many elements each list of tables has so far. */
  readonly #lists = new Map<string, number>()
  #at = 0
  #line = 1
  #table = ''

  constructor(text: string) {
    this.#text = text
  }

  run(): void {
    while (this.#at < this.#text.length) {
      this.#skip(/[ \t]*/y)
      const character = this.#text.charAt(this.#at)
      if (character === '[') this.#header()
      else if (!/[\r\n#]/.test(character) && character !== '') this.#keyAndValue()
      this.#skip(/[^\n]*/y)
      this.#skip(/\n?/y)
    }
  }

  #header(): void {
    const isList = this.#text.startsWith('[[', this.#at)
    this.#at += isList ? 2 : 1
    const keys = this.#keys()
    const last = keys.pop() ?? ''
    let path = ''
    for (const key of keys) {
      path = this.#lastElement(join(path, key))
      // A table that is named only inside of another's header begins there.
      this.#note(path)
    }
    path = join(path, last)
    if (isList) {
      this.#lists.set(path, (this.#lists.get(path) ?? 0) + 1)
      path = this.#lastElement(path)
    }
    this.#table = path
    this.#note(path)
  }

  #keyAndValue(): void {
    let path = this.#table
    const line = this.#line
    for (const key of this.#keys()) {
      path = join(path, key)
      if (!this.lines.has(path)) this.lines.set(path, line)
    }
    this.#skip(/[ \t]*=?/y)
    this.#value()
  }

  #keys(): string[] {
    const keys: string[] = []
    for (;;) {
      this.#skip(/[ \t]*/y)
      const raw = this.#skip(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+/y)
      if (raw === '') return keys
      keys.push(/^["']/.test(raw) ? raw.slice(1, -1) : raw)
      if (this.#skip(/[ \t]*\./y) === '') return keys
    }
  }

  /** Goes to the end of the value, which may span lines. */
  #value(): void {
    for (let depth = 0; this.#at < this.#text.length; ) {
      const string = this.#skip(
        /"""(?:[^"\\]|\\[\s\S]|"(?!""))*"{3,5}|'''(?:[^']|'(?!''))*'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y,
      )
      if (string !== '') continue
      const character = this.#text.charAt(this.#at)
      if (character === '\n' && depth === 0) return
      if (character === '#') {
        this.#skip(/[^\n]*/y)
        continue
      }
      if (character === '[' || character === '{') depth += 1
      if (character === ']' || character === '}') depth -= 1
      this.#skip(/[\s\S]/y)
    }
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const skipped = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += skipped.length
    for (let end = skipped.indexOf('\n'); end >= 0; end = skipped.indexOf('\n', end + 1)) {
      this.#line += 1
    }
    return skipped
  }

  #lastElement(path: string): string {
    const count = this.#lists.get(path)
    return count === undefined ? path : `${path}[${count - 1}]`
  }

  #note(path: string): void {
    if (!this.lines.has(path)) this.lines.set(path, this.#line)
  }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}
