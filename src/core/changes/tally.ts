import { SIGNATURE_KINDS, type SignatureKind } from './signature-name.ts'

/** Which signatures came and went between two versions of a database. */
export interface Changes {
  /** False where names were too many to be kept or not to be known: counts of changed ones are then too low. */
  readonly exact: boolean
  /** Only kinds with a change, in the order of `SIGNATURE_KINDS`. */
  readonly kinds: readonly KindChanges[]
}

export interface KindChanges {
  readonly kind: SignatureKind
  readonly added: NamedCount
  readonly dropped: NamedCount
  /** Of the same name before and after, with another content. */
  readonly changed: NamedCount
}

export interface NamedCount {
  readonly count: number
  /** Some of the names, as they came, each once. */
  readonly names: readonly string[]
}

/** Of one kind of change: what an announcement or a page could show at most. */
export const NAMES_KEPT_MAX = 200
/** About 200 bytes each. Beyond it only numbers are kept. Guess: a daily update touches some thousand names. */
export const NAMES_COUNTED_MAX = 100_000

/** One signature that came or went. `sum` is that of its line, where the whole line is known. */
export interface Seen {
  readonly kind: SignatureKind
  readonly name: string | undefined
  readonly sum?: number
}

interface Line extends Seen {
  net: number
}

interface Net {
  added: number
  dropped: number
}

/** Adds up what came and what went. A line on both sides has only moved; a name on both sides has changed. */
export class Tally {
  readonly #lines = new Map<number, Line>()
  readonly #names = new Map<SignatureKind, Map<string, Net>>()
  readonly #unnamed = new Map<SignatureKind, Net>()
  #named = 0
  #exact = true

  add(seen: Seen): void {
    this.#count(seen, 1)
  }

  drop(seen: Seen): void {
    this.#count(seen, -1)
  }

  /** A name that should be there could not be told. */
  markInexact(): void {
    this.#exact = false
  }

  /** To be called once, at the end. */
  result(): Changes {
    for (const { net, ...seen } of this.#lines.values()) this.#countNamed(seen, net)
    const kinds = SIGNATURE_KINDS.flatMap((kind) => {
      const names = this.#names.get(kind) ?? new Map<string, Net>()
      const unnamed = this.#unnamed.get(kind) ?? { added: 0, dropped: 0 }
      const changes = kindChanges(kind, names, unnamed)
      const { added, dropped, changed } = changes
      return added.count + dropped.count + changed.count === 0 ? [] : [changes]
    })
    return { exact: this.#exact, kinds }
  }

  #count(seen: Seen, change: 1 | -1): void {
    const { sum } = seen
    const line = sum === undefined ? undefined : this.#lines.get(sum)
    if (sum === undefined) {
      this.#countNamed(seen, change)
    } else if (line !== undefined) {
      line.net += change
      if (line.net === 0) this.#lines.delete(sum)
    } else if (this.#lines.size < NAMES_COUNTED_MAX) {
      this.#lines.set(sum, { ...seen, net: change })
    } else {
      this.#exact = false
      this.#countNamed({ kind: seen.kind, name: undefined }, change)
    }
  }

  #countNamed({ kind, name }: Seen, change: number): void {
    const net = this.#net(kind, name)
    if (change > 0) net.added += change
    else net.dropped -= change
  }

  #net(kind: SignatureKind, name: string | undefined): Net {
    const names = this.#names.get(kind) ?? new Map<string, Net>()
    const known = name === undefined ? this.#unnamed.get(kind) : names.get(name)
    if (known !== undefined) return known
    const net: Net = { added: 0, dropped: 0 }
    if (name === undefined) {
      this.#unnamed.set(kind, net)
    } else if (this.#named < 2 * NAMES_COUNTED_MAX) {
      this.#named += 1
      this.#names.set(kind, names.set(name, net))
    } else {
      this.#exact = false
      return this.#net(kind, undefined)
    }
    return net
  }
}

function kindChanges(
  kind: SignatureKind,
  names: ReadonlyMap<string, Net>,
  unnamed: Net,
): KindChanges {
  const added = new Names(unnamed.added)
  const dropped = new Names(unnamed.dropped)
  const changed = new Names(0)
  for (const [name, net] of names) {
    const both = Math.min(net.added, net.dropped)
    changed.count(name, both)
    added.count(name, net.added - both)
    dropped.count(name, net.dropped - both)
  }
  return { kind, added: added.result(), dropped: dropped.result(), changed: changed.result() }
}

class Names {
  readonly #names: string[] = []
  #count: number

  constructor(unnamed: number) {
    this.#count = unnamed
  }

  count(name: string, times: number): void {
    if (times === 0) return
    this.#count += times
    if (this.#names.length < NAMES_KEPT_MAX) this.#names.push(name)
  }

  result(): NamedCount {
    return { count: this.#count, names: this.#names }
  }
}

/** All kinds together. */
export function totalsOf({ kinds }: Changes): {
  readonly added: number
  readonly dropped: number
  readonly changed: number
} {
  const sum = (of: 'added' | 'dropped' | 'changed') =>
    kinds.reduce((total, kind) => total + kind[of].count, 0)
  return { added: sum('added'), dropped: sum('dropped'), changed: sum('changed') }
}
