/**
 * Strict readers for JSON that we wrote ourselves and that may have been changed since: every key is there and none
 * besides, every value in its bounds, or a fault with its path. What was read is a fresh value of known shape.
 */
import { fail, type Outcome, ok } from './outcome.ts'

export interface JsonFault {
  /** `addresses[1].last.kind`; empty for the document itself. */
  readonly path: string
  readonly wanted: string
}

export type JsonReader<T> = (value: unknown, path: string) => Outcome<T, JsonFault>
export type ReadBy<R> = R extends JsonReader<infer T> ? T : never

/** A pair that cannot come apart: what is printed can be parsed again. */
export interface JsonCodec<T> {
  readonly print: (value: T) => string
  readonly parse: (text: string) => Outcome<T, JsonFault>
}

export function jsonCodec<T>(read: JsonReader<T>): JsonCodec<T> {
  return { print: (value) => JSON.stringify(value), parse: (text) => parseJson(text, read) }
}

export function parseJson<T>(text: string, read: JsonReader<T>): Outcome<T, JsonFault> {
  try {
    return read(JSON.parse(text), '')
  } catch {
    return fail({ path: '', wanted: 'a JSON document' })
  }
}

export function describeJsonFault({ path, wanted }: JsonFault): string {
  return path === '' ? `it is not ${wanted}` : `${path} is not ${wanted}`
}

/** Longer than any sentence that we write; not a place to keep files. */
const TEXT_CHARS_MAX = 10_000

export function text(charsMax = TEXT_CHARS_MAX): JsonReader<string> {
  return textThat(`a text of at most ${charsMax} characters`, (value) => value.length <= charsMax)
}

export function textThat(wanted: string, is: (value: string) => boolean): JsonReader<string> {
  return (value, path) =>
    typeof value === 'string' && is(value) ? ok(value) : fail({ path, wanted })
}

export function flag(value: unknown, path: string): Outcome<boolean, JsonFault> {
  return typeof value === 'boolean' ? ok(value) : fail({ path, wanted: 'true or false' })
}

export function whole(min: number, max: number): JsonReader<number> {
  return (value, path) =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
      ? ok(Number(value))
      : fail({ path, wanted: `a whole number from ${min} to ${max}` })
}

/** A number that `make` accepts: `branded(serial, 'a serial')`. */
export function branded<T>(make: (value: number) => T | undefined, wanted: string): JsonReader<T> {
  return (value, path) => {
    const made = typeof value === 'number' ? make(value) : undefined
    return made === undefined ? fail({ path, wanted }) : ok(made)
  }
}

export function oneOf<const T extends string>(values: readonly T[]): JsonReader<T> {
  return (value, path) => {
    const found = values.find((one) => one === value)
    return found === undefined ? fail({ path, wanted: `one of ${values.join(', ')}` }) : ok(found)
  }
}

export function listOf<T>(read: JsonReader<T>, lengthMax: number): JsonReader<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length > lengthMax) {
      return fail({ path, wanted: `a list of at most ${lengthMax}` })
    }
    const all: T[] = []
    for (const [index, one] of value.entries()) {
      const element = read(one, `${path}[${index}]`)
      if (!element.ok) return element
      all.push(element.value)
    }
    return ok(all)
  }
}

/** The key may be left out, which JSON does with `undefined`. */
export function optional<T>(read: JsonReader<T>): JsonReader<T | undefined> {
  return (value, path) => (value === undefined ? ok(undefined) : read(value, path))
}

type Fields = Readonly<Record<string, JsonReader<unknown>>>
type Read<F extends Fields> = { readonly [K in keyof F]: ReadBy<F[K]> }

export function object<F extends Fields>(fields: F): JsonReader<Read<F>> {
  const readers = Object.entries(fields)
  return (value, path) => {
    if (!isObject(value)) return fail({ path, wanted: 'an object' })
    const stranger = Object.keys(value).find((key) => !Object.hasOwn(fields, key))
    if (stranger !== undefined) return fail({ path: below(path, stranger), wanted: 'a known key' })
    const all: Record<string, unknown> = {}
    for (const [key, read] of readers) {
      const field = read(value[key], below(path, key))
      if (!field.ok) return field
      all[key] = field.value
    }
    return ok(all as Read<F>)
  }
}

type Tagged<U extends Readonly<Record<string, Fields>>> = {
  [K in keyof U & string]: { readonly kind: K } & Read<U[K]>
}[keyof U & string]

/** Alternatives by their `kind`. */
export function byKind<U extends Readonly<Record<string, Fields>>>(
  alternatives: U,
): JsonReader<Tagged<U>> {
  const readers = new Map(
    Object.entries(alternatives).map(([kind, fields]) => [
      kind,
      object({ kind: oneOf([kind]), ...fields }),
    ]),
  )
  return (value, path) => {
    const kind = isObject(value) ? value['kind'] : undefined
    const read = readers.get(String(kind))
    if (read === undefined) {
      return fail({ path: below(path, 'kind'), wanted: `one of ${[...readers.keys()].join(', ')}` })
    }
    const one = read(value, path)
    return one.ok ? ok(one.value as unknown as Tagged<U>) : one
  }
}

function below(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
