/**
 * What a mirror remembers of a tree that it verified (`trees/N.json`), and of the document root that it filled
 * (`published.json`): what each file is, which inode was looked at, and the date it is served with.
 *
 * A file with the same inode, length and time as in the record is the one that was hashed then. The records are ours;
 * one that cannot be read counts as none, which costs work and never trust.
 */
import type { MirrorTree } from '#adapters/disk/index.ts'
import {
  type DbName,
  type DbVersion,
  dbVersion,
  type Generation,
  generation,
  parseDbName,
  type Serial,
  serial,
} from '#base/names.ts'
import { type EpochSeconds, epochSeconds } from '#base/time.ts'
import type { KnownDatabase } from '#core/sync/index.ts'

export interface RecordedFile {
  readonly bytes: number
  readonly inode: number
  readonly mtimeMs: number
  /** Lower-case hexadecimal. */
  readonly sha256: string
  readonly lastModified: EpochSeconds
}

export interface TreeRecord {
  readonly serial: Serial
  readonly generation: Generation
  /** Of the manifest, see `manifestDigest`. */
  readonly digest: string
  readonly files: ReadonlyMap<string, RecordedFile>
  /** The newest version of each database that was ever published here. */
  readonly known: ReadonlyMap<string, KnownDatabase>
}

export interface ServedTree {
  readonly folder: string
  readonly record: TreeRecord
}

export interface PublishedRecord {
  /** The document root it is about. */
  readonly to: string
  readonly files: ReadonlyMap<string, RecordedFile>
}

export function isSameFile(
  recorded: RecordedFile | undefined,
  found: Pick<RecordedFile, 'bytes' | 'inode' | 'mtimeMs'>,
): recorded is RecordedFile {
  return (
    recorded !== undefined &&
    recorded.inode === found.inode &&
    recorded.bytes === found.bytes &&
    recorded.mtimeMs === found.mtimeMs
  )
}

export function printTreeRecord(record: TreeRecord): string {
  const { files, known, ...rest } = record
  return `${JSON.stringify({ ...rest, files: [...files], known: [...known.values()] })}\n`
}

export function parseTreeRecord(text: string): TreeRecord | undefined {
  const fields = parseObject(text)
  const serialNumber = serial(numberOf(fields?.['serial']))
  const generationNumber = generation(numberOf(fields?.['generation']))
  const files = parseFiles(fields?.['files'])
  const known = parseKnown(fields?.['known'])
  const digest = fields?.['digest']
  if (serialNumber === undefined || generationNumber === undefined) return undefined
  if (files === undefined || known === undefined || typeof digest !== 'string') return undefined
  return { serial: serialNumber, generation: generationNumber, digest, files, known }
}

/** The tree with its record understood. */
export function readTree(tree: MirrorTree | undefined): ServedTree | undefined {
  const record = tree && parseTreeRecord(tree.record)
  return record && { folder: tree.folder, record }
}

export function printPublished(record: PublishedRecord): string {
  return `${JSON.stringify({ to: record.to, files: [...record.files] })}\n`
}

/** Empty for another document root: nothing there is known to be ours. */
export function parsePublished(text: string, to: string): ReadonlyMap<string, RecordedFile> {
  const fields = parseObject(text)
  return (fields?.['to'] === to ? parseFiles(fields['files']) : undefined) ?? new Map()
}

type Fields = Readonly<Record<string, unknown>>

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN
}

function parseFiles(value: unknown): ReadonlyMap<string, RecordedFile> | undefined {
  if (!Array.isArray(value)) return undefined
  const files = new Map<string, RecordedFile>()
  for (const entry of value) {
    const [path, fields]: readonly unknown[] = Array.isArray(entry) ? entry : []
    if (typeof path !== 'string' || !isFields(fields)) return undefined
    const { bytes, inode, mtimeMs, sha256, lastModified } = fields
    const numbers = [bytes, inode, mtimeMs, lastModified].map(numberOf)
    if (typeof sha256 !== 'string' || !numbers.every(Number.isFinite)) return undefined
    files.set(path, {
      bytes: numberOf(bytes),
      inode: numberOf(inode),
      mtimeMs: numberOf(mtimeMs),
      sha256,
      lastModified: epochSeconds(numberOf(lastModified)),
    })
  }
  return files
}

function parseKnown(value: unknown): ReadonlyMap<string, KnownDatabase> | undefined {
  if (!Array.isArray(value)) return undefined
  const known = new Map<string, KnownDatabase>()
  for (const entry of value) {
    if (!isFields(entry)) return undefined
    const { path, sha256 } = entry
    const named = nameAndVersion(entry)
    if (typeof path !== 'string' || typeof sha256 !== 'string' || named === undefined)
      return undefined
    known.set(path, { path, sha256, ...named })
  }
  return known
}

function nameAndVersion(
  entry: Fields,
): { readonly name: DbName; readonly version: DbVersion } | undefined {
  const name = parseDbName(typeof entry['name'] === 'string' ? entry['name'] : '')
  const version = dbVersion(numberOf(entry['version']))
  return name.ok && version !== undefined ? { name: name.value, version } : undefined
}
