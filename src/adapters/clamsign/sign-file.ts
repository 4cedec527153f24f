import { sha256File, writeFileAtomic } from '#adapters/disk/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import {
  appendSignature,
  type ClamsignFileFault,
  parseClamsign,
  printClamsign,
  type SignFault,
  type SignOptions,
  signClamsign,
} from '#formats/clamsign/index.ts'
import { readSignText } from './sign-text.ts'

export type SignFileFault =
  | SignFault
  /** What is there already cannot be added to. */
  | { readonly kind: 'not-appendable'; readonly fault: ClamsignFileFault }

export interface SignFileRequest extends SignOptions {
  /** Put a line behind those that are there; otherwise the file is replaced. */
  readonly append?: boolean
  readonly signal: AbortSignal
}

/** Signs the bytes of `target` into `signPath`, which is there whole or not at all. Throws `DiskError`. */
export async function signFile(
  target: string,
  signPath: string,
  request: SignFileRequest,
): Promise<Outcome<void, SignFileFault>> {
  const { append = false, signal, ...options } = request
  const before = append ? await readSignText(signPath) : undefined
  const known = before === undefined ? undefined : parseClamsign(before)
  if (known?.ok === false) return fail({ kind: 'not-appendable', fault: known.fault })
  const sha256 = Buffer.from(await sha256File(target, signal), 'hex')
  const signed = signClamsign(sha256, options)
  if (!signed.ok) return signed
  const text =
    before === undefined
      ? printClamsign({ signatures: [{ line: 2, ...signed.value }] })
      : appendSignature(before, signed.value)
  signal.throwIfAborted()
  await writeFileAtomic(signPath, text)
  return ok(undefined)
}
