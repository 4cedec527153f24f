import { type DbVersion, dbVersion } from '#base/names.ts'

/** What a `.sign` is for, by its name (formats.md 3.2). */
export type SignTarget =
  /** A database of this version, whatever its file is called: `daily.cvd` or `daily-27001.cvd`. */
  | {
      readonly kind: 'database'
      readonly name: string
      readonly version: DbVersion
      readonly extension: DatabaseExtension
    }
  /** Any other file, a patch for example. */
  | { readonly kind: 'file'; readonly file: string }

const EXTENSIONS = ['cvd', 'cld', 'cud'] as const
export type DatabaseExtension = (typeof EXTENSIONS)[number]

/** What is signed beside `file`; undefined for a database whose version is not known. */
export function signTarget(file: string, version: DbVersion | undefined): SignTarget | undefined {
  const extension = EXTENSIONS.find((ending) => file.toLowerCase().endsWith(`.${ending}`))
  if (extension === undefined) return { kind: 'file', file }
  const [name = ''] = file.split(/[-.]/, 1)
  return version === undefined ? undefined : { kind: 'database', name, version, extension }
}

/** The version of a database stands in its signature's name, though not in its own (trap 8). */
export function signFileName(target: SignTarget): string {
  if (target.kind === 'file') return `${target.file}.sign`
  return `${target.name}-${target.version}.${target.extension}.sign`
}

/** The other way round; undefined for a file that is no signature. */
export function parseSignFileName(file: string): SignTarget | undefined {
  if (!file.endsWith('.sign') || file.length === '.sign'.length) return undefined
  const stem = file.slice(0, -'.sign'.length)
  const match = /^([^-.]+)-(0|[1-9]\d{0,9})\.(cvd|cld|cud)$/.exec(stem)
  const version = dbVersion(Number(match?.[2] ?? Number.NaN))
  const extension = EXTENSIONS.find((ending) => ending === match?.[3])
  if (match?.[1] === undefined || version === undefined || extension === undefined) {
    return { kind: 'file', file: stem }
  }
  return { kind: 'database', name: match[1], version, extension }
}
