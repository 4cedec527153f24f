import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { drawSalt } from '#adapters/keys/index.ts'
import { signWithSshKey } from '#adapters/ssh/index.ts'
import { dbVersion, parseDbName } from '#base/names.ts'
import { signerOf } from '#core/databases/index.ts'
import { buildDatabase } from '#formats/cvd/index.ts'
import { printSignatureSet, SIGNATURE_SET_NAMESPACE } from '#formats/signature-set/index.ts'
import type { DemoKeys } from './layout.ts'
import type { NextBuild, Upload } from './sets.ts'

/** Level of ClamAV 0.103, the oldest engine still met in numbers. */
const FUNCTIONALITY_LEVEL = 133
/** Enough that the file is worth looking at, and small enough that a release takes a blink. */
const SIGNATURES = 200
/** What the demo's plain signature finds: a text that nobody has in a file by chance. */
export const HARMLESS_TEXT = 'cvdnet demo: this harmless text is found by the demo signature'

/**
 * What the demo releases when it is given nothing: `demo.cvd`, signed with the demo publisher's own keys, which our
 * tools check, and a signed set of plain signatures, which a stock freshclam fetches by `DatabaseCustomURL` and a stock
 * engine loads (decision 1). Made-up signatures that match nothing but one sentence.
 */
export async function writeOwnContent(
  folder: string,
  { version, builtAt }: NextBuild,
  keys: DemoKeys,
): Promise<readonly Upload[]> {
  const name = parseDbName('demo')
  const number = dbVersion(version)
  if (!name.ok || number === undefined) throw new Error(`Cannot build version ${version}`)
  const lines = Array.from({ length: SIGNATURES + version }, (_, at) => signature(at + 1))
  const database = buildDatabase({
    kind: 'cvd',
    name: name.value,
    version: number,
    members: new Map([['demo.ndb', Buffer.from(lines.join(''))]]),
    builder: 'demo',
    builtAt,
    functionalityLevel: FUNCTIONALITY_LEVEL,
    signatures: lines.length,
    signer: signerOf(keys.publisher, drawSalt),
  })
  const plain = `Demo.Harmless.Text-${version}:0:*:${Buffer.from(HARMLESS_TEXT).toString('hex')}\n`
  const listed = [{ file: 'demo.ndb', sha256: createHash('sha256').update(plain).digest('hex') }]
  const set = printSignatureSet({ name: name.value, version: number, files: listed })
  const files = {
    'demo.cvd': database,
    'demo.ndb': plain,
    'demo.set': set,
    'demo.set.sig': signWithSshKey(keys.sigmaker, Buffer.from(set), SIGNATURE_SET_NAMESPACE),
  }
  await mkdir(folder, { recursive: true })
  const uploads: Upload[] = []
  for (const [as, content] of Object.entries(files)) {
    await writeFile(join(folder, as), content)
    uploads.push({ path: join(folder, as), as })
  }
  return uploads
}

function signature(number: number): string {
  const body = createHash('sha256').update(`demo signature ${number}`).digest('hex')
  return `Demo.Test.Signature-${number}:0:*:${body}\n`
}
