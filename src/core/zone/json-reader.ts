/**
 * Reads one JSON value field by field. The first thing that is not as it must be is remembered with its place; what is
 * read after it does not matter.
 */
export class JsonReader {
  readonly #faults: string[]
  readonly #value: unknown
  readonly #path: string

  constructor(value: unknown, path = '', faults: string[] = []) {
    this.#value = value
    this.#path = path
    this.#faults = faults
  }

  /** `mirrors[3].country is no country`. */
  get fault(): string | undefined {
    return this.#faults[0]
  }

  refuse(reason: string): void {
    this.#faults.push(`${this.#path === '' ? 'the document' : this.#path} ${reason}`)
  }

  /** Every key must be one of these, and all of those without `?` must be there. */
  keys(...names: readonly string[]): this {
    const value = this.#record()
    const known = names.map((name) => name.replace('?', ''))
    for (const key of Object.keys(value)) {
      if (!known.includes(key))
        this.refuse(`has an unknown key ${JSON.stringify(key.slice(0, 64))}`)
    }
    for (const name of names) {
      if (!name.endsWith('?') && !Object.hasOwn(value, name)) this.refuse(`has no ${name}`)
    }
    return this
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#record(), name)
  }

  at(name: string): JsonReader {
    const value = this.#record()
    const found = Object.hasOwn(value, name) ? value[name] : undefined
    return new JsonReader(found, this.#path === '' ? name : `${this.#path}.${name}`, this.#faults)
  }

  entries(): readonly (readonly [string, JsonReader])[] {
    return Object.keys(this.#record()).map((key) => [key, this.at(key)])
  }

  list(most: number): readonly JsonReader[] {
    const value = this.#value
    if (!Array.isArray(value)) {
      this.refuse('is no list')
      return []
    }
    if (value.length > most) {
      this.refuse(`has more than ${most} entries`)
      return []
    }
    return value.map((one, index) => new JsonReader(one, `${this.#path}[${index}]`, this.#faults))
  }

  integer(min: number, max: number): number {
    const value = this.#value
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
      return value
    }
    this.refuse(`is no whole number from ${min} to ${max}`)
    return min
  }

  boolean(): boolean {
    if (typeof this.#value !== 'boolean') this.refuse('is neither true nor false')
    return this.#value === true
  }

  /** Without control characters. */
  text(charsMax: number): string {
    const value = this.#value
    if (typeof value === 'string' && value.length <= charsMax && !/\p{Cc}/u.test(value)) {
      return value
    }
    this.refuse(`is no text of at most ${charsMax} characters`)
    return ''
  }

  /** What `read` makes of the text; undefined is a fault in the words of `wanted`. */
  parsed<T>(read: (text: string) => T | undefined, wanted: string, standIn: T): T {
    const value = typeof this.#value === 'string' ? read(this.#value) : undefined
    if (value === undefined) this.refuse(`is no ${wanted}`)
    return value ?? standIn
  }

  #record(): Readonly<Record<string, unknown>> {
    const value = this.#value
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
    this.refuse('is no object')
    return {}
  }
}
