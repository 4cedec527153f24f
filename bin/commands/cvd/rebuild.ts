import { extname } from 'node:path'
import { readStart } from '#adapters/disk/index.ts'
import {
  describeRebuildFault,
  patchFile,
  type RebuildFault,
  type Rebuilt,
  rebuildFile,
} from '#adapters/rebuild/index.ts'
import type { Outcome } from '#base/outcome.ts'
import { HEADER_BYTES } from '#formats/cvd/index.ts'
import type { PublisherKeys } from '#formats/dsig/index.ts'
import { CommandEnd, complain, EXIT, say } from '../../io.ts'
import { readPublishers, untilInterrupted, worldEnd } from './common.ts'
import { examinePatch } from './patch.ts'

export interface RebuildOptions {
  readonly output: string
  readonly keys: readonly string[]
}

/** `cvdnet cvd apply`: what freshclam makes of patches. */
export async function apply(
  old: string,
  patches: readonly string[],
  options: RebuildOptions,
): Promise<void> {
  const { output: into } = options
  mustEndIn(
    '.cld',
    into,
    'only its publisher can sign a .cvd; "cvdnet cvd rebuild" takes his header',
  )
  const publishers = await readPublishers(options.keys)
  const signal = untilInterrupted()
  await warnOf(patches, publishers, signal).catch(worldEnd)
  report(into, await patchFile({ old, patches, into, publishers, signal }).catch(worldEnd))
}

/** `cvdnet cvd rebuild`: the published bytes, or exit status 1. */
export async function rebuild(
  old: string,
  patches: readonly string[],
  options: RebuildOptions & { readonly header: string },
): Promise<void> {
  const { output: into } = options
  mustEndIn('.cvd', into, 'only a .cvd has a header that tells its bytes')
  const publishers = await readPublishers(options.keys)
  const header = await readStart(options.header, HEADER_BYTES).catch(worldEnd)
  const signal = untilInterrupted()
  const request = { old, patches, header, into, publishers, signal }
  report(into, await rebuildFile(request).catch(worldEnd))
}

/** We apply what engines 1.1 to 1.4 would not. */
async function warnOf(
  patches: readonly string[],
  publishers: readonly PublisherKeys[],
  signal: AbortSignal,
): Promise<void> {
  for (const patch of patches) {
    const { signedBy, reason } = await examinePatch(patch, publishers, signal)
    if (signedBy !== undefined && reason !== undefined) complain(`${patch}: ${reason}`)
  }
}

function mustEndIn(extension: string, output: string, why: string): void {
  if (extname(output).toLowerCase() === extension) return
  throw new CommandEnd(EXIT.usage, `"${output}" must end in ${extension}: ${why}`)
}

function report(into: string, end: Outcome<Rebuilt, RebuildFault>): void {
  if (!end.ok) throw new CommandEnd(EXIT.refused, describeRebuildFault(end.fault))
  const { header, bytes, sha256 } = end.value
  say(`${into}: version ${header.version}, ${bytes} bytes, verified`)
  say(`SHA-256 ${sha256}`)
}
