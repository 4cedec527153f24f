import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { unpackFile } from '#adapters/databases/index.ts'
import { makeFolders, writeFileAtomic } from '#adapters/disk/index.ts'
import { drawSalt } from '#adapters/keys/index.ts'
import { diffFolders } from '#adapters/patches/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { makePatch } from '#core/patches/index.ts'
import {
  type CdiffFault,
  type DiffFault,
  describeCdiffFault,
  describeDiffFault,
} from '#formats/cdiff/index.ts'
import { type CvdFault, describeCvdFault } from '#formats/cvd/index.ts'
import type { PublisherKeys, PublisherSecrets } from '#formats/dsig/index.ts'

/** Makes the signed patch between two databases in files. Whether it leads there is for the caller to try. */
export interface PatchRequest {
  readonly old: string
  /** The next version of the same database. */
  readonly fresh: string
  /** `NAME-VERSION.cdiff`. Nothing is there unless the patch is whole. */
  readonly into: string
  /** A folder that is made for the unpacked databases and removed with them. */
  readonly scratch: string
  readonly publishers: readonly PublisherKeys[]
  readonly secrets: PublisherSecrets
  readonly signal: AbortSignal
}

export type MakePatchFault =
  | {
      readonly kind: 'database-refused'
      readonly path: string
      readonly faults: readonly CvdFault[]
    }
  | { readonly kind: 'not-the-next-version' }
  | { readonly kind: 'not-to-be-said'; readonly fault: DiffFault }
  | { readonly kind: 'not-a-patch'; readonly fault: CdiffFault }

/** Flat memory but for the patch itself; keeps the thread busy for long: see `makePatchInWorker`. */
export async function makePatchFile(request: PatchRequest): Promise<Outcome<void, MakePatchFault>> {
  await makeFolders(request.scratch, 0o700)
  try {
    return await diffAndSign(request)
  } finally {
    await rm(request.scratch, { recursive: true, force: true })
  }
}

async function diffAndSign(request: PatchRequest): Promise<Outcome<void, MakePatchFault>> {
  const { old, fresh, into, scratch, secrets, signal } = request
  const verifiers = verifiersOf(request.publishers)
  const folders = { old: join(scratch, 'old'), fresh: join(scratch, 'new') }
  const from = await unpackFile(old, folders.old, { verifiers, signal })
  if (from.faults.length > 0)
    return fail({ kind: 'database-refused', path: old, faults: from.faults })
  const to = await unpackFile(fresh, folders.fresh, { verifiers, signal })
  if (to.faults.length > 0)
    return fail({ kind: 'database-refused', path: fresh, faults: to.faults })
  const version = to.header?.version
  if (version === undefined || from.name !== to.name || from.header?.version !== version - 1) {
    return fail({ kind: 'not-the-next-version' })
  }
  const script = await diffFolders(
    { folder: folders.old, members: from.members },
    { folder: folders.fresh, members: to.members },
    signal,
  )
  if (!script.ok) return fail({ kind: 'not-to-be-said', fault: script.fault })
  const patch = makePatch(version, script.value, secrets, drawSalt)
  if (!patch.ok) return fail({ kind: 'not-a-patch', fault: patch.fault })
  signal.throwIfAborted()
  await writeFileAtomic(into, patch.value)
  return ok(undefined)
}

export function describeMakePatchFault(fault: MakePatchFault): string {
  switch (fault.kind) {
    case 'database-refused':
      return `"${fault.path}" does not verify: ${fault.faults.map(describeCvdFault).join('; ')}`
    case 'not-the-next-version':
      return 'the two databases are not one version and the next'
    case 'not-to-be-said':
      return describeDiffFault(fault.fault)
    case 'not-a-patch':
      return describeCdiffFault(fault.fault)
  }
}
