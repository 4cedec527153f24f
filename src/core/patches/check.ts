import type { DbVersion } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import {
  type CdiffFault,
  describeCdiffFault,
  describeScriptFault,
  parseCdiff,
  parseScript,
  type Script,
  type ScriptFault,
  signedDigest,
  unpackScript,
} from '#formats/cdiff/index.ts'
import { beginsWithZero, type PublisherKeys, verifySha256 } from '#formats/dsig/index.ts'

/**
 * What is to be known of a patch before it touches anything: whole, signed by a publisher whom we know, for the
 * version that its name says, and a script that can be read to its end. Cheapest first, and nothing is unpacked
 * before the signature holds. Whether it leads to the right members is known only once it is applied.
 */
export interface CheckedPatch {
  readonly version: DbVersion
  readonly publisher: string
  readonly script: Script
  /** Engines 1.1 to 1.4 call its signature incorrect: see `describeLostZeros`. */
  readonly zerosLost: boolean
}

export type PatchCheckFault =
  | CdiffFault
  | ScriptFault
  | {
      readonly kind: 'other-patch-version'
      readonly expected: DbVersion
      readonly found: DbVersion
    }
  | { readonly kind: 'patch-not-signed-by'; readonly publishers: readonly string[] }

export function checkPatch(
  bytes: Uint8Array,
  expected: DbVersion,
  publishers: readonly PublisherKeys[],
): Outcome<CheckedPatch, PatchCheckFault> {
  const cdiff = parseCdiff(bytes)
  if (!cdiff.ok) return cdiff
  const { version, signature } = cdiff.value
  if (version !== expected) return fail({ kind: 'other-patch-version', expected, found: version })
  const digest = signedDigest(cdiff.value)
  const signer = publishers.find(({ patch }) => verifySha256(digest, signature, patch).ok)
  if (signer === undefined) {
    const names = publishers.map(({ publisher }) => publisher)
    return fail({ kind: 'patch-not-signed-by', publishers: names })
  }
  const unpacked = unpackScript(cdiff.value)
  if (!unpacked.ok) return unpacked
  const script = parseScript(unpacked.value)
  if (!script.ok) return script
  const zerosLost = beginsWithZero(signature, signer.patch)
  return ok({ version, publisher: signer.publisher, script: script.value, zerosLost })
}

export function describePatchCheckFault(fault: PatchCheckFault): string {
  switch (fault.kind) {
    case 'other-patch-version':
      return `the patch leads to version ${fault.found}, its name says ${fault.expected}`
    case 'patch-not-signed-by':
      return `the patch is not signed by ${fault.publishers.join(' or ')}`
    default:
      return 'line' in fault ? describeScriptFault(fault) : describeCdiffFault(fault)
  }
}
