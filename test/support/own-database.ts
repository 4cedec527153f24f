import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { drawSalt } from '#adapters/keys/index.ts'
import { epochSeconds } from '#base/time.ts'
import { signerOf } from '#core/databases/index.ts'
import { buildDatabase, type DatabaseSigner } from '#formats/cvd/index.ts'
import type { PublisherSecrets } from '#formats/dsig/index.ts'
import { aName, aVersion } from './values.ts'

/** Far enough back that every version of a test is built in the past, and later than the one before. */
const FIRST_BUILT_S = Math.floor(Date.now() / 1000) - 100_000

/** Writes `NAME.cvd` of a test's own publisher, with one member for each ending: `{ ndb: 'A:0:*:00\n' }`. */
export async function writeOwnDatabase(
  path: string,
  secrets: PublisherSecrets,
  {
    name,
    version,
    members,
    signer = signerOf(secrets, drawSalt),
  }: {
    readonly name: string
    readonly version: number
    readonly members: Readonly<Record<string, string>>
    readonly signer?: DatabaseSigner
  },
): Promise<string> {
  const files = Object.entries(members).map(([ending, text]) => {
    return [`${name}.${ending}`, Buffer.from(text)] as const
  })
  const database = buildDatabase({
    kind: 'cvd',
    name: aName(name),
    version: aVersion(version),
    members: new Map(files),
    builder: 'tester',
    builtAt: epochSeconds(FIRST_BUILT_S + version * 300),
    functionalityLevel: 90,
    signatures: Object.values(members).join('').split('\n').length - 1,
    signer,
  })
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, database)
  return path
}
