import type { SettingsFault } from './fault.ts'
import type { Field, Section } from './field.ts'
import type { LineIndex } from './line-index.ts'
import { meantBy } from './meant.ts'
import { SECTIONS } from './table.ts'

type Table = Readonly<Record<string, unknown>>

/** A hostile file may have a fault on every line. */
const FAULTS_MAX = 100
const SECRET = /pass(?:word|wd|phrase)|secret|token/i

/** Walks through a parsed document along the table of settings, and gathers every fault. */
export class DocumentReader {
  readonly #faults: SettingsFault[] = []
  readonly #document: Table
  readonly #lineOf: LineIndex

  constructor(document: Table, lineOf: LineIndex) {
    this.#document = document
    this.#lineOf = lineOf
    this.#checkKeys(document, '', '')
  }

  get faults(): readonly SettingsFault[] {
    return this.#faults.toSorted((a, b) => a.line - b.line).slice(0, FAULTS_MAX)
  }

  has({ path }: Section): boolean {
    return isTable(this.#valueAt(path))
  }

  table(section: Section): TableReader {
    const value = this.#valueAt(section.path)
    return this.#reader(isTable(value) ? value : {}, section.path)
  }

  list(section: Section): readonly TableReader[] {
    const value = this.#valueAt(section.path)
    if (!Array.isArray(value)) return []
    return value.map((one, index) =>
      this.#reader(isTable(one) ? one : {}, `${section.path}[${index}]`),
    )
  }

  hasFault(path: string): boolean {
    return this.#faults.some((fault) => 'path' in fault && fault.path === path)
  }

  add(fault: { readonly path: string } & NewFault): void {
    this.#faults.push({ ...fault, line: this.#lineOf(fault.path) })
  }

  #reader(table: Table, path: string): TableReader {
    return new TableReader(this, table, path)
  }

  #valueAt(path: string): unknown {
    let value: unknown = this.#document
    for (const key of path.split('.').filter((part) => part !== '')) {
      value = isTable(value) ? value[key] : undefined
    }
    return value
  }

  /** `sectionPath` is the place in the table of settings, `shown` the place in the file. */
  #checkKeys(table: Table, sectionPath: string, shown: string): void {
    const section = SECTIONS.find(({ path }) => path === sectionPath)
    const fields = Object.values(section?.fields ?? {}).map(({ key }) => key)
    const children = childrenOf(sectionPath)
    for (const [key, value] of Object.entries(table)) {
      if (fields.includes(key)) continue
      const path = join(shown, key)
      const child = children.find((one) => one.path === join(sectionPath, key))
      if (child !== undefined) this.#checkSection(child, value, path)
      else if (SECRET.test(key)) this.add({ kind: 'secret-in-file', path })
      else {
        const known = [...fields, ...children.map((one) => one.path.split('.').at(-1) ?? '')]
        this.add({ kind: 'unknown-key', path, meant: meantBy(key, known) })
      }
    }
  }

  #checkSection(section: Section, value: unknown, path: string): void {
    if (section.kind === 'table') {
      if (isTable(value)) this.#checkKeys(value, section.path, path)
      else this.add({ kind: 'bad-value', path, wanted: `a table, [${section.path}]` })
    } else if (Array.isArray(value) && value.every(isTable)) {
      value.forEach((one, index) => {
        this.#checkKeys(one, section.path, `${path}[${index}]`)
      })
    } else this.add({ kind: 'bad-value', path, wanted: `tables, [[${section.path}]]` })
  }
}

type NewFault =
  | { readonly kind: 'unknown-key'; readonly meant: string | undefined }
  | { readonly kind: 'secret-in-file' }
  | { readonly kind: 'bad-value' | 'missing'; readonly wanted: string }
  | { readonly kind: 'impossible'; readonly reason: string }

export class TableReader {
  readonly path: string
  readonly #document: DocumentReader
  readonly #table: Table

  constructor(document: DocumentReader, table: Table, path: string) {
    this.#document = document
    this.#table = table
    this.path = path
  }

  read<T>(field: Field<T>): T {
    const given = Object.hasOwn(this.#table, field.key) ? this.#table[field.key] : undefined
    const path = join(this.path, field.key)
    if (given === undefined) {
      if (field.need === 'required') {
        this.#document.add({ kind: 'missing', path, wanted: field.wanted })
      }
      return field.absent
    }
    const value = field.read(given)
    if (value !== undefined) return value
    this.#document.add({ kind: 'bad-value', path, wanted: field.wanted })
    return field.absent
  }

  /** Whether something has been said about one of these keys already. */
  hasFault(...keys: readonly string[]): boolean {
    return keys.some((key) => this.#document.hasFault(join(this.path, key)))
  }

  refuse(key: string, reason: string): void {
    this.#document.add({ kind: 'impossible', path: join(this.path, key), reason })
  }
}

function childrenOf(path: string): readonly Section[] {
  return SECTIONS.filter((one) => {
    const parent = one.path.includes('.') ? one.path.slice(0, one.path.lastIndexOf('.')) : ''
    return one.path !== '' && parent === path
  })
}

function isTable(value: unknown): value is Table {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  )
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}
