import assert from 'node:assert'
import type { Kind } from './kind.ts'

/** One key of one section: what it means, what may stand there, and what holds when it is absent. */
export interface Field<T> {
  readonly key: string
  /** A sentence for the reference and the example file. */
  readonly about: string
  readonly wanted: string
  readonly need: 'preset' | 'required' | 'optional'
  /** As TOML would have it: the preset, or else an example of a value. */
  readonly shown: Shown
  readonly read: (value: unknown) => T | undefined
  readonly absent: T
}

export type Shown = string | number | boolean | readonly string[]

/** Absent means `shown`. */
export function preset<T>(key: string, kind: Kind<T>, shown: Shown, about: string): Field<T> {
  const absent = kind.read(shown)
  assert(absent !== undefined, `the default of "${key}" is ${kind.wanted}`)
  return { key, about, wanted: kind.wanted, need: 'preset', shown, read: kind.read, absent }
}

/** Absent is a fault. */
export function required<T>(key: string, kind: Kind<T>, shown: Shown, about: string): Field<T> {
  const { wanted, read, standIn } = kind
  return { key, about, wanted, need: 'required', shown, read, absent: standIn }
}

/** May be absent; `about` says what then holds. */
export function optional<T>(
  key: string,
  kind: Kind<T>,
  shown: Shown,
  about: string,
): Field<T | undefined> {
  const { wanted, read } = kind
  return { key, about, wanted, need: 'optional', shown, read, absent: undefined }
}

/** A table of the file, or a list of equal tables (`[[…]]`). */
export interface Section {
  /** Dotted; empty for the keys above all tables. */
  readonly path: string
  readonly kind: 'table' | 'list'
  readonly about: string
  readonly fields: Readonly<Record<string, Field<unknown>>>
}
