import { join } from 'node:path'
import { type LegacyRefusal, makeLegacy } from '#adapters/databases/index.ts'
import type { EpochSeconds } from '#base/time.ts'
import { verifiersOf } from '#core/databases/index.ts'
import {
  type DatabaseFile,
  type LegacySide,
  legacyDue,
  legacyFiles,
  type Release,
  type ReleaseFile,
} from '#core/release/index.ts'
import { describeCvdFault } from '#formats/cvd/index.ts'
import { keysOf } from './publishers.ts'
import type { ExamineContext, PublishedRelease } from './upload-files.ts'

export interface LegacyAddition {
  readonly files: readonly ReleaseFile[]
  /** Where each of them lies, by its path in the release. */
  readonly incoming: ReadonlyMap<string, string>
  /** What the sigmaker should know. */
  readonly notes: readonly string[]
}

export interface LegacyWish {
  /** What comes new into the release, and where it lies. */
  readonly files: readonly ReleaseFile[]
  readonly incoming: ReadonlyMap<string, string>
  readonly published: PublishedRelease | undefined
  readonly publishedAt: EpochSeconds
}

const NOTHING: LegacyAddition = { files: [], incoming: new Map(), notes: [] }

/**
 * The databases of 2003, made anew with each release of main or daily (R98, R99). A release does not wait for them: when
 * they cannot be made, the old ones stay public and the reason is told.
 */
export async function makeLegacyFiles(
  wish: LegacyWish,
  context: ExamineContext,
): Promise<LegacyAddition> {
  const current = wish.published?.release
  const due = legacyDue(current, wish.files)
  if (due.size === 0) return NOTHING
  try {
    return await make(due, wish, current, context)
  } catch (error) {
    context.signal.throwIfAborted()
    return { ...NOTHING, notes: [stay(error instanceof Error ? error.message : String(error))] }
  }
}

async function make(
  due: ReadonlyMap<LegacySide, DatabaseFile>,
  { incoming, published, publishedAt }: LegacyWish,
  current: Release | undefined,
  context: ExamineContext,
): Promise<LegacyAddition> {
  const paths = [...due].map(([side, { path }]) => {
    return [side, incoming.get(path) ?? join(published?.folder ?? '', path)] as const
  })
  const made = await makeLegacy({
    ...Object.fromEntries(paths),
    into: join(context.scratch, 'legacy-files'),
    verifiers: verifiersOf(keysOf(context.publishers)),
    signal: context.signal,
  })
  if (!made.ok) return { ...NOTHING, notes: [stay(refusalWords(made.fault))] }
  const files: ReleaseFile[] = []
  const places = new Map<string, string>()
  const notes: string[] = []
  for (const { side, database, checksum, counts } of made.value) {
    const source = due.get(side)
    if (source === undefined) continue
    for (const written of [database, checksum]) {
      const entries = legacyFiles(written, source, { current, publishedAt })
      files.push(...entries)
      for (const { path } of entries) places.set(path, written.path)
    }
    notes.push(
      `${side} for clients of 2003: ${counts.written} signatures, ${counts.leftOut} left out`,
    )
  }
  return { files, incoming: places, notes }
}

function stay(reason: string): string {
  return `viruses.db and viruses.db2 stay as they are: ${reason}`
}

function refusalWords(fault: LegacyRefusal): string {
  return fault.kind === 'nothing-to-say'
    ? `none of the ${fault.leftOut} signatures in ${fault.side} fits the old format`
    : `${fault.side}.cvd: ${fault.examination.faults.map(describeCvdFault).join('; ')}`
}
