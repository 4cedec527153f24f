import { basename, extname } from 'node:path'
import { describePatchFileFault, readPatchFile } from '#adapters/patches/index.ts'
import { parseCdiffName } from '#formats/cdiff/index.ts'
import { describeLostZeros, type PublisherKeys } from '#formats/dsig/index.ts'
import { complain, EXIT, type ExitStatus, say } from '../../io.ts'
import { refusedText } from './verdict.ts'

/** What a patch says about itself, and whether it is true. Whether it fits, only applying tells. */
export interface PatchReport {
  readonly file: string
  readonly kind: 'cdiff'
  readonly name?: string
  readonly version?: number
  readonly scriptBytes?: number
  /** In the order in which they are touched. */
  readonly members?: readonly string[]
  readonly verified: boolean
  readonly signedBy?: string
  readonly reason?: string
}

export function isPatch(file: string): boolean {
  return extname(file).toLowerCase() === '.cdiff'
}

/** Throws `PatchError`. */
export async function examinePatch(
  file: string,
  publishers: readonly PublisherKeys[],
  signal: AbortSignal,
): Promise<PatchReport> {
  const read = await readPatchFile(file, { publishers, signal })
  const name = parseCdiffName(basename(file))?.database
  const common = { file, kind: 'cdiff', ...(name === undefined ? {} : { name }) } as const
  if (!read.ok) return { ...common, verified: false, reason: describePatchFileFault(read.fault) }
  const { version, script, publisher, zerosLost } = read.value
  const touched = script.steps.map((step) => (step.kind === 'move' ? step.target : step.file))
  return {
    ...common,
    version,
    scriptBytes: script.bytes.byteLength,
    members: [...new Set(touched)],
    verified: !zerosLost,
    signedBy: publisher,
    ...(zerosLost ? { reason: describeLostZeros('patch') } : {}),
  }
}

export function patchVerdict({ signedBy, verified }: PatchReport): string {
  if (signedBy === undefined) return 'NOT verified (1 reason)'
  return verified ? `verified, signed by ${signedBy}` : refusedText(signedBy)
}

/** `cvdnet cvd verify` of one patch. */
export function sayPatchVerdict(report: PatchReport): ExitStatus {
  say(`${report.file}: ${patchVerdict(report)}`)
  return complainOf(report)
}

/** Why the exit status is 1. */
export function complainOf({ file, reason }: PatchReport): ExitStatus {
  if (reason === undefined) return EXIT.done
  complain(`${file}: ${reason}`)
  return EXIT.refused
}
