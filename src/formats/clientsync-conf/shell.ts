/**
 * The part of the shell's language that `clam-clientsync.conf` is written in, read without running anything:
 * comments, blank lines, `NAME=value`, several assignments on a line, `export`, both kinds of quotes, backslash,
 * a backslash at the end of a line, `~/`, `$NAME` and `${NAME}` of `HOME` and of names assigned above. Whatever would
 * make a shell run something, or mean different things to two shells, is a fault. A value here is what `sh` would
 * give (a test asks it). Faults never repeat the text: it may be a password.
 */
export interface Assignment {
  readonly name: string
  readonly value: string
  readonly line: number
}

export type ShellFaultKind =
  | 'not-an-assignment'
  | 'command-substitution'
  | 'shell-operator'
  | 'parameter-expansion'
  | 'unknown-variable'
  | 'home-of-another-user'
  | 'open-quote'
  | 'trailing-backslash'
  | 'control-character'

export interface ShellFault {
  readonly kind: ShellFaultKind
  readonly line: number
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*/
const OPERATORS = ';|&<>()'

/** Ends the reading of one line from deep inside a word; it never leaves this file. */
class LineFault extends Error {
  readonly kind: ShellFaultKind

  constructor(kind: ShellFaultKind) {
    super(kind)
    this.kind = kind
  }
}

export function readAssignments(
  text: string,
  home: string,
): { readonly assignments: readonly Assignment[]; readonly faults: readonly ShellFault[] } {
  const reader = new Reader(text, home)
  const faults: ShellFault[] = []
  while (!reader.done) {
    try {
      reader.readLine()
    } catch (error) {
      if (!(error instanceof LineFault)) throw error
      faults.push({ kind: error.kind, line: reader.line })
      reader.skipLine()
    }
  }
  return { assignments: reader.assignments, faults }
}

class Reader {
  readonly assignments: Assignment[] = []
  readonly #text: string
  readonly #variables: Map<string, string>
  #at = 0
  line = 1

  constructor(text: string, home: string) {
    this.#text = text
    this.#variables = new Map([['HOME', home]])
  }

  get done(): boolean {
    return this.#at >= this.#text.length
  }

  readLine(): void {
    const exported = /^[ \t]*export(?=[ \t\n]|$)/.exec(this.#rest())
    this.#at += exported?.[0].length ?? 0
    while (!this.#atLineEnd()) {
      const blanks = /^(?:[ \t]|\\\n)*/.exec(this.#rest())?.[0] ?? ''
      this.#at += blanks.length
      this.line += blanks.split('\n').length - 1
      if (this.#peek() === '#') this.#skipToLineEnd()
      else if (!this.#atLineEnd()) this.#readAssignment(exported !== null)
    }
    this.#at += 1
    this.line += 1
  }

  skipLine(): void {
    this.#skipToLineEnd()
    this.#at += 1
    this.line += 1
  }

  #skipToLineEnd(): void {
    const end = this.#text.indexOf('\n', this.#at)
    this.#at = end < 0 ? this.#text.length : end
  }

  #readAssignment(exported: boolean): void {
    const { line } = this
    const name = NAME.exec(this.#rest())?.[0] ?? ''
    this.#at += name.length
    if (name === '') throw new LineFault(this.#whatStandsHere())
    if (this.#peek() !== '=') {
      if (exported && /^[ \t\n]?$/.test(this.#peek())) return
      throw new LineFault('not-an-assignment')
    }
    this.#at += 1
    const value = this.#readValue()
    this.#variables.set(name, value)
    this.assignments.push({ name, value, line })
  }

  #readValue(): string {
    let value = ''
    let tildeMayStand = true
    while (!/^[ \t\n]?$/.test(this.#peek())) {
      if (this.#rest().startsWith('\\\n')) {
        this.#at += 2
        this.line += 1
        continue
      }
      const character = this.#take()
      if (character === '~' && tildeMayStand) value += this.#home()
      else if (character === "'") value += this.#singleQuoted()
      else if (character === '"') value += this.#doubleQuoted()
      else if (character === '\\') value += this.#escaped()
      else if (character === '$') value += this.#dollar(/^["']/)
      else value += this.#plain(character)
      tildeMayStand = character === ':'
    }
    return value
  }

  #home(): string {
    if (!/^(?:[/: \t\n]|$)/.test(this.#peek())) throw new LineFault('home-of-another-user')
    return this.#variables.get('HOME') ?? ''
  }

  #singleQuoted(): string {
    let value = ''
    for (;;) {
      const character = this.#takeQuoted()
      if (character === "'") return value
      value += this.#printable(character)
    }
  }

  #doubleQuoted(): string {
    let value = ''
    for (;;) {
      const character = this.#takeQuoted()
      if (character === '"') return value
      if (character === '`') throw new LineFault('command-substitution')
      if (character === '$') value += this.#dollar(undefined)
      else if (character === '\\' && /^[$`"\\\n]/.test(this.#peek())) value += this.#escaped()
      else value += this.#printable(character)
    }
  }

  #escaped(): string {
    if (this.done) throw new LineFault('trailing-backslash')
    const character = this.#take()
    if (character !== '\n') return this.#printable(character)
    this.line += 1
    return ''
  }

  /** `quoteAfter` are quotes that change their meaning after a dollar sign in some shells. */
  #dollar(quoteAfter: RegExp | undefined): string {
    const next = this.#peek()
    if (next === '(') throw new LineFault('command-substitution')
    const named = /^(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/.exec(this.#rest())
    if (named === null) {
      if (/^[{[0-9@*#?$!\\-]/.test(next) || quoteAfter?.test(next)) {
        throw new LineFault('parameter-expansion')
      }
      return '$'
    }
    this.#at += named[0].length
    // A shell joins the lines before it reads the name, so the name may go on there.
    if (this.#rest().startsWith('\\\n')) throw new LineFault('parameter-expansion')
    const value = this.#variables.get(named[1] ?? named[2] ?? '')
    if (value === undefined) throw new LineFault('unknown-variable')
    return value
  }

  #plain(character: string): string {
    if (character === '`') throw new LineFault('command-substitution')
    if (OPERATORS.includes(character)) throw new LineFault('shell-operator')
    return this.#printable(character)
  }

  #printable(character: string): string {
    const code = character.charCodeAt(0)
    if ((code < 0x20 && character !== '\t') || code === 0x7f) {
      throw new LineFault('control-character')
    }
    return character
  }

  #whatStandsHere(): ShellFaultKind {
    const next = this.#peek()
    if (next === '`' || this.#rest().startsWith('$(')) return 'command-substitution'
    return OPERATORS.includes(next) ? 'shell-operator' : 'not-an-assignment'
  }

  #takeQuoted(): string {
    if (this.#atLineEnd()) throw new LineFault('open-quote')
    return this.#take()
  }

  #take(): string {
    const character = this.#peek()
    this.#at += 1
    return character
  }

  #peek(): string {
    return this.#text.charAt(this.#at)
  }

  /** The rest of this line, bounded so that looking ahead at every character stays linear. */
  #rest(): string {
    return this.#text.slice(this.#at, this.#at + LOOK_AHEAD_CHARS)
  }

  #atLineEnd(): boolean {
    return this.done || this.#peek() === '\n'
  }
}

/** Longest name or run of blanks that is recognised in one piece; a longer run of blanks is read in several. */
const LOOK_AHEAD_CHARS = 128
