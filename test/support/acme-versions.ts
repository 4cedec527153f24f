import { drawSalt, newPublisherSecrets } from '#adapters/keys/index.ts'
import { epochSeconds } from '#base/time.ts'
import { signerOf } from '#core/databases/index.ts'
import { buildDatabase } from '#formats/cvd/index.ts'
import type { PublisherSecrets } from '#formats/dsig/index.ts'
import { patchBetween } from './patched-versions.ts'
import { aName, aVersion } from './values.ts'

/** Now, but not of the same second as what a test builds next. */
const BUILT_S = Math.floor(Date.now() / 1000) - 100_000

export interface OtherBuild {
  readonly member?: string
  readonly builtAt?: number
  /** One more signature, so that it is another database of the same version. */
  readonly more?: string
  readonly by?: PublisherSecrets
}

/** The database `acme` of a test's own publisher, version for version, and the patches between them, in memory. */
export async function acmeVersions() {
  const secrets = await newPublisherSecrets('acme')
  const cvd = (version: number, other: OtherBuild = {}): Uint8Array => {
    const { member = 'acme.ndb', more = '', by = secrets, builtAt } = other
    const lines = Array.from(
      { length: version + 20 },
      (_, at) => `Acme-${at}:0:*:cafe${at + 1000}\n`,
    )
    return buildDatabase({
      kind: 'cvd',
      name: aName(member.split('.')[0] ?? ''),
      version: aVersion(version),
      members: new Map([[member, Buffer.from(lines.join('') + more)]]),
      builder: 'tester',
      builtAt: epochSeconds(builtAt ?? BUILT_S + version * 300),
      functionalityLevel: 90,
      signatures: lines.length + (more === '' ? 0 : 1),
      signer: signerOf(by, drawSalt),
    })
  }
  // Salt makes every build another file, and a patch leads to one of them.
  const made = new Map<number, Uint8Array>()
  const the = (version: number): Uint8Array => {
    const known = made.get(version) ?? cvd(version)
    made.set(version, known)
    return known
  }
  return {
    secrets,
    cvd: the,
    /** Another build of it, which nobody has published. */
    other: cvd,
    patch: (version: number, to = the(version)) =>
      patchBetween(the(version - 1), to, version, secrets),
  }
}
