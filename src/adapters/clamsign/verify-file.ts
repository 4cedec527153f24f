import { basename, dirname, join } from 'node:path'
import { sha256File } from '#adapters/disk/index.ts'
import type { DbVersion } from '#base/names.ts'
import {
  type ClamsignOptions,
  type ClamsignVerdict,
  signFileName,
  signTarget,
  verifyClamsign,
} from '#formats/clamsign/index.ts'
import { readSignText } from './sign-text.ts'

/** `absent`: there is no such file, which engines take like one that they cannot try. */
export type SignFileVerdict = ClamsignVerdict | { readonly kind: 'absent' }

export interface SignFileOptions extends ClamsignOptions {
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
  const { sha256, signal, ...clamsign } = options
  const text = await readSignText(signPath)
  if (text === undefined) return { kind: 'absent' }
  const hash = sha256 ?? Buffer.from(await sha256File(target, signal), 'hex')
  return verifyClamsign(text, hash, clamsign)
}
