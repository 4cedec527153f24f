import { basename } from 'node:path'
import { DiskError, readStart } from '#adapters/disk/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import {
  type CheckedPatch,
  checkPatch,
  describePatchCheckFault,
  type PatchCheckFault,
} from '#core/patches/index.ts'
import {
  applyScript,
  CDIFF_BYTES_MAX,
  describePatchFault,
  type MemberFolder,
  type PatchFault,
  parseCdiffName,
} from '#formats/cdiff/index.ts'
import type { PublisherKeys } from '#formats/dsig/index.ts'

export class PatchError extends Error {
  override readonly name = 'PatchError'
  readonly code: 'cannot-read' | 'cannot-write'

  constructor(code: PatchError['code'], action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

function patchError(code: PatchError['code'], action: string, cause: unknown): PatchError {
  return new PatchError(code, action, { cause })
}

export type PatchFileFault =
  | { readonly kind: 'not-a-patch-name'; readonly file: string }
  | { readonly kind: 'patch-refused'; readonly fault: PatchCheckFault }
  | { readonly kind: 'patch-does-not-fit'; readonly fault: PatchFault }

export interface PatchFileOptions {
  /** Whose signature is good. */
  readonly publishers: readonly PublisherKeys[]
  readonly signal: AbortSignal
}

/** Reads and checks `NAME-VERSION.cdiff` without applying it. Throws `PatchError` when the file cannot be read. */
export async function readPatchFile(
  path: string,
  options: PatchFileOptions,
): Promise<Outcome<CheckedPatch, PatchFileFault>> {
  const name = parseCdiffName(basename(path))
  if (name === undefined) return fail({ kind: 'not-a-patch-name', file: basename(path) })
  const bytes = await readCapped(path)
  options.signal.throwIfAborted()
  const patch = checkPatch(bytes, name.version, options.publishers)
  return patch.ok ? patch : fail({ kind: 'patch-refused', fault: patch.fault })
}

/**
 * Checks a patch and applies it to the members in `folder`, a scratch copy: after a fault, or a throw, the folder is
 * of no use. Throws `PatchError` when the world fails, and the signal's reason when aborted.
 */
export async function applyPatchFile(
  path: string,
  folder: MemberFolder,
  options: PatchFileOptions,
): Promise<Outcome<CheckedPatch, PatchFileFault>> {
  const patch = await readPatchFile(path, options)
  if (!patch.ok) return patch
  try {
    const end = await applyScript(patch.value.script, folder, options.signal)
    return end.ok ? ok(patch.value) : fail({ kind: 'patch-does-not-fit', fault: end.fault })
  } catch (error) {
    if (options.signal.aborted) throw error
    throw patchError('cannot-write', `apply "${path}"`, error)
  }
}

export function describePatchFileFault(fault: PatchFileFault): string {
  switch (fault.kind) {
    case 'not-a-patch-name':
      return `"${fault.file}" is not called NAME-VERSION.cdiff`
    case 'patch-refused':
      return describePatchCheckFault(fault.fault)
    case 'patch-does-not-fit':
      return describePatchFault(fault.fault)
  }
}

/** One byte more than allowed is read at most, so that a larger file is seen to be too large. */
async function readCapped(path: string): Promise<Uint8Array> {
  try {
    return await readStart(path, CDIFF_BYTES_MAX + 1)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    throw patchError('cannot-read', error.message.replace(/^Cannot /, ''), error)
  }
}
