import { dbVersion, parseDbName, serial } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { epochSeconds } from '#base/time.ts'
import type { Release, ReleaseFile } from './release.ts'

/** How a release is remembered on the master's disk, beside its files. Not published. */
export function printRelease(release: Release): string {
  const { serial: number, publishedAt, files } = release
  const document = { serial: number, publishedAt, files: [...files.values()] }
  return `${JSON.stringify(document, undefined, 1)}\n`
}

export interface ReleaseFault {
  readonly kind: 'bad-release-file'
  readonly reason: string
}

export function parseRelease(text: string): Outcome<Release, ReleaseFault> {
  const document = parseJson(text)
  if (!isRecord(document) || !Array.isArray(document['files'])) return bad('not a release')
  const number = serial(Number(document['serial']))
  const publishedAt = document['publishedAt']
  if (number === undefined || typeof publishedAt !== 'number') return bad('no serial or time')
  const files = new Map<string, ReleaseFile>()
  for (const entry of document['files']) {
    const file = parseFile(entry)
    if (file === undefined) return bad(`entry ${files.size + 1} is not a release file`)
    files.set(file.path, file)
  }
  return ok({ serial: number, publishedAt: epochSeconds(publishedAt), files })
}

function bad(reason: string): Outcome<never, ReleaseFault> {
  return fail({ kind: 'bad-release-file', reason })
}

function parseFile(entry: unknown): ReleaseFile | undefined {
  if (!isRecord(entry)) return undefined
  const { path, bytes, sha256, datedAt, kind, builtAt, headerSha256 } = entry
  const name = parseDbName(String(entry['name']))
  const version = dbVersion(Number(entry['version']))
  if (typeof path !== 'string' || typeof bytes !== 'number') return undefined
  if (typeof sha256 !== 'string' || typeof datedAt !== 'number') return undefined
  if (!name.ok || version === undefined) return undefined
  const base = { path, bytes, sha256, datedAt: epochSeconds(datedAt), name: name.value, version }
  switch (kind) {
    case 'patch':
    case 'signature':
    case 'header':
    case 'set':
    case 'plain':
    case 'legacy':
      return { kind, ...base }
    case 'database':
      return typeof builtAt === 'number'
        ? {
            kind,
            ...base,
            builtAt: epochSeconds(builtAt),
            ...(typeof headerSha256 === 'string' && { headerSha256 }),
          }
        : undefined
    default:
      return undefined
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
