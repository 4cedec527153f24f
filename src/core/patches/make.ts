import type { DbVersion } from '#base/names.ts'
import type { Outcome } from '#base/outcome.ts'
import { type CdiffFault, printCdiff } from '#formats/cdiff/index.ts'
import { type PublisherSecrets, signSha256 } from '#formats/dsig/index.ts'

/** A signed patch that leads to `version`, out of a script. Chance comes in as `drawSalt`. */
export function makePatch(
  version: DbVersion,
  script: Uint8Array,
  secrets: PublisherSecrets,
  drawSalt: () => Uint8Array,
): Outcome<Uint8Array, CdiffFault> {
  return printCdiff(version, script, (sha256) => signSha256(sha256, secrets.patch, drawSalt))
}
