import { basename, dirname, join } from 'node:path'
import { sha256File } from '#adapters/disk/index.ts'
import type { DbVersion } from '#base/names.ts'
import {
  type ClamsignOptions,
  type ClamsignVerdict,
  signFileName,
  signTarget,
  verifyClamsign,
  verifyClamsignForAll,
} from '#formats/clamsign/index.ts'
import { readSignText } from './sign-text.ts'

/** `absent`: there is no such file, which engines take like one that they cannot try. */
export type SignFileVerdict = ClamsignVerdict | { readonly kind: 'absent' }

export interface SignFileOptions extends Omit<ClamsignOptions, 'level'> {
  /** Functionality level of the engine; `all` asks for every one that looks for these files. */
  readonly level?: number | 'all'
  /** The target's SHA-256 where somebody has hashed it already. */
  readonly sha256?: Uint8Array
  readonly signal: AbortSignal
}

/** Where the signature of `target` lies: beside it. Undefined for a database whose version is not known. */
export function signPathOf(target: string, version: DbVersion | undefined): string | undefined {
  const signed = signTarget(basename(target), version)
  return signed && join(dirname(target), signFileName(signed))
}

/** Checks `signPath` over the bytes of `target`, which are hashed in a stream. Throws `DiskError`. */
export async function verifySignFile(
  target: string,
  signPath: string,
  options: SignFileOptions,
): Promise<SignFileVerdict> {
  const { sha256, signal, level, ...clamsign } = options
  const text = await readSignText(signPath)
  if (text === undefined) return { kind: 'absent' }
  const hash = sha256 ?? Buffer.from(await sha256File(target, signal), 'hex')
  if (level === 'all') return verifyClamsignForAll(text, hash, clamsign)
  return verifyClamsign(text, hash, level === undefined ? clamsign : { ...clamsign, level })
}
