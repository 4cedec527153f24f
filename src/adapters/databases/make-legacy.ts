import { mkdir, rmdir } from 'node:fs/promises'
import { dirname, extname, join, resolve } from 'node:path'
import { diskError } from '#adapters/disk/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type {
  CvdLimits,
  DatabaseVerifier,
  Examination,
  MemberHead,
  MemberSink,
} from '#formats/cvd/index.ts'
import {
  LEGACY_FILES,
  LegacyConverter,
  type LegacyCounts,
  type LegacySource,
  printChecksum,
} from '#formats/legacy-db/index.ts'
import { examineFile } from './examine-file.ts'
import { LegacyDraft, type WrittenFile } from './legacy-draft.ts'

/**
 * The databases of 2003 from those of today (R98, R99; formats.md 6.2): `viruses.db` from main, `viruses.db2` from
 * daily, and their MD5 files. Members are converted while the database streams by and is verified; memory stays flat.
 * All is written beside its place first. Nothing appears unless every database given is accepted and has something
 * to say; then the databases come before the checksums that point to them.
 */
export type LegacySide = keyof typeof LEGACY_FILES

export interface LegacyRequest {
  /** Paths of databases. A side that is not given is not written. */
  readonly main?: string
  readonly daily?: string
  /** Folder of the results; made if need be. */
  readonly into: string
  readonly verifiers: readonly DatabaseVerifier[]
  readonly limits?: CvdLimits
  /** May its content go out? By default, if there is no fault. */
  readonly accept?: (examination: Examination) => boolean
  readonly signal: AbortSignal
}

export interface LegacyResult {
  readonly side: LegacySide
  readonly database: WrittenFile
  readonly checksum: WrittenFile
  readonly counts: LegacyCounts
  readonly examination: Examination
}

export type LegacyRefusal =
  | {
      readonly kind: 'database-refused'
      readonly side: LegacySide
      readonly examination: Examination
    }
  /** Old clients take an empty file for a broken one. */
  | { readonly kind: 'nothing-to-say'; readonly side: LegacySide; readonly leftOut: number }

const SIDES = ['main', 'daily'] as const satisfies readonly LegacySide[]

/** Throws `DiskError` and `DatabaseFileError` when the world fails, and the signal's reason when aborted. */
export async function makeLegacy(
  request: LegacyRequest,
): Promise<Outcome<readonly LegacyResult[], LegacyRefusal>> {
  const made = await mkdir(request.into, { recursive: true }).catch((error: unknown) => {
    throw diskError(`make the folder "${request.into}"`, error)
  })
  let written = false
  try {
    const results = await writeLegacy(request)
    written = results.ok
    return results
  } finally {
    if (!written && made !== undefined) await removeEmpty(request.into, made)
  }
}

/** The folders that were made for results that did not come, from the innermost to `outermost`. */
async function removeEmpty(innermost: string, outermost: string): Promise<void> {
  const last = resolve(outermost)
  for (let at = resolve(innermost); at.startsWith(last); at = dirname(at)) {
    await rmdir(at).catch(() => undefined)
  }
}

async function writeLegacy(
  request: LegacyRequest,
): Promise<Outcome<readonly LegacyResult[], LegacyRefusal>> {
  await using drafts = new AsyncDisposableStack()
  const results: LegacyResult[] = []
  const databases: LegacyDraft[] = []
  const checksums: LegacyDraft[] = []
  for (const side of SIDES) {
    const path = request[side]
    if (path === undefined) continue
    const names = LEGACY_FILES[side]
    const database = drafts.use(await LegacyDraft.at(join(request.into, names.database)))
    const converted = await convert(path, database, request)
    const { examination, counts } = converted
    const { accept = ({ faults }) => faults.length === 0 } = request
    if (!accept(examination)) return fail({ kind: 'database-refused', side, examination })
    if (counts.written === 0) {
      return fail({ kind: 'nothing-to-say', side, leftOut: counts.leftOut })
    }
    const written = await database.finish()
    const checksum = drafts.use(await LegacyDraft.at(join(request.into, names.checksum)))
    await checksum.write(Buffer.from(printChecksum(written.md5, names.database), 'latin1'))
    results.push({ side, database: written, checksum: await checksum.finish(), ...converted })
    databases.push(database)
    checksums.push(checksum)
  }
  request.signal.throwIfAborted()
  for (const draft of [...databases, ...checksums]) await draft.putInPlace()
  return ok(results)
}

async function convert(
  path: string,
  draft: LegacyDraft,
  request: LegacyRequest,
): Promise<{ readonly examination: Examination; readonly counts: LegacyCounts }> {
  const { verifiers, limits, signal } = request
  const converters: LegacyConverter[] = []
  const examination = await examineFile(path, {
    verifiers,
    signal,
    ...(limits === undefined ? {} : { limits }),
    onMember: (member) => {
      const source = sourceOf(member)
      if (source === undefined) return undefined
      const converter = new LegacyConverter(source)
      converters.push(converter)
      return sinkInto(draft, converter)
    },
  })
  const counts = converters.reduce<LegacyCounts>(
    (sum, { counts: { written, leftOut } }) => ({
      written: sum.written + written,
      leftOut: sum.leftOut + leftOut,
    }),
    { written: 0, leftOut: 0 },
  )
  return { examination, counts }
}

function sourceOf({ name }: MemberHead): LegacySource | undefined {
  const extension = extname(name).toLowerCase()
  if (extension === '.db') return 'db'
  return extension === '.ndb' ? 'ndb' : undefined
}

function sinkInto(draft: LegacyDraft, converter: LegacyConverter): MemberSink {
  return {
    write: (bytes) => draft.write(converter.push(bytes)),
    end: () => draft.write(converter.end()),
  }
}
