/** Four versions of a publisher's database `acme`, the patches between them, and mirrors that have them. */
import { drawSalt, newPublisherSecrets } from '#adapters/keys/index.ts'
import { epochSeconds } from '#base/time.ts'
import { signerOf } from '#core/databases/index.ts'
import { buildDatabase } from '#formats/cvd/index.ts'
import { publicKeys } from '#formats/dsig/index.ts'
import type { FakeServer } from './database-servers.ts'
import { patchBetween } from './patched-versions.ts'
import { aName, aVersion } from './values.ts'

export const secrets = await newPublisherSecrets('tester')
export const others = await newPublisherSecrets('somebody')
export const publishers = [publicKeys(secrets)]
export const NOW = Math.floor(Date.now() / 1000)

export function database(version: number, { name = 'acme', by = secrets } = {}): Uint8Array {
  const lines = Array.from(
    { length: version },
    (_, n) => `Test.Sig-${n}:0:*:${'6162'.repeat(4)}${n}${n}`,
  )
  return buildDatabase({
    kind: 'cvd',
    name: aName(name),
    version: aVersion(version),
    members: new Map([[`${name}.ndb`, Buffer.from(`${lines.join('\n')}\n`)]]),
    builder: 'tester',
    builtAt: epochSeconds(NOW - 10_000 + version * 60),
    functionalityLevel: 90,
    signatures: version,
    signer: signerOf(by, drawSalt),
  })
}

const VERSIONS = new Map([1, 2, 3, 4].map((version) => [version, database(version)]))
export const cvd = (version: number): Uint8Array => VERSIONS.get(version) ?? database(version)
export const PATCHES = new Map(
  await Promise.all(
    [2, 3, 4].map(async (to) => {
      const patch = await patchBetween(cvd(to - 1), cvd(to), to, secrets)
      return [`acme-${to}.cdiff`, patch] as const
    }),
  ),
)

/** A mirror at this version, with all patches to it. */
export function mirror(
  version: number,
  more: Partial<FakeServer> & { files?: FakeServer['files'] } = {},
): FakeServer {
  const patches = [...PATCHES].filter((_, at) => at + 2 <= version)
  return {
    ...more,
    files: { 'acme.cvd': cvd(version), ...Object.fromEntries(patches), ...more.files },
  }
}
