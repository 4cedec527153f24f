import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { drawSalt } from '#adapters/keys/index.ts'
import { dbVersion, parseDbName } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import { signerOf } from '#core/databases/index.ts'
import { buildDatabase } from '#formats/cvd/index.ts'
import type { PublisherSecrets } from '#formats/dsig/index.ts'
import type { Upload } from './sets.ts'

/** Level of ClamAV 0.103, the oldest engine still met in numbers. */
const FUNCTIONALITY_LEVEL = 133
/** Enough that the file is worth looking at, and small enough that a release takes a blink. */
const SIGNATURES = 200

/**
 * A database of the demo's own publisher: made-up signatures that match nothing. Stock engines do not know the key, so
 * it is for our own tools; what a stock freshclam can load is the plain set beside it (decision 1).
 */
export async function writeOwnDatabase(
  folder: string,
  version: number,
  secrets: PublisherSecrets,
): Promise<Upload> {
  const name = parseDbName('demo')
  const number = dbVersion(version)
  if (!name.ok || number === undefined) throw new Error(`Cannot build version ${version}`)
  const lines = Array.from({ length: SIGNATURES + version }, (_, at) => signature(at + 1))
  const bytes = buildDatabase({
    kind: 'cvd',
    name: name.value,
    version: number,
    members: new Map([['demo.ndb', Buffer.from(lines.join(''))]]),
    builder: 'demo',
    builtAt: epochSeconds(Math.floor(Date.now() / 1000)),
    functionalityLevel: FUNCTIONALITY_LEVEL,
    signatures: lines.length,
    signer: signerOf(secrets, drawSalt),
  })
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'demo.cvd')
  await writeFile(path, bytes)
  return { path, as: 'demo.cvd' }
}

function signature(number: number): string {
  const body = createHash('sha256').update(`demo signature ${number}`).digest('hex')
  return `Demo.Test.Signature-${number}:0:*:${body}\n`
}
