/** A kit that was handed over: believed only as far as the network's signature reaches. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { verifyDetached } from '#adapters/openpgp/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { type KitManifest, MANIFEST_BYTES_MAX, parseManifest } from '#core/kit/index.ts'

export interface Kit {
  readonly manifest: KitManifest
  /** Of the key that signed it. */
  readonly fingerprint: string
  /** By path; every file of the manifest is here, with its hash checked. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** The largest is a list of keys. */
const FILE_BYTES_MAX = 1024 * 1024
const KEYRING = 'network-key.gpg'

/**
 * `fingerprint` is what the team told by another way; without it the key in the kit is believed, which proves no more than
 * that the kit is whole. Faults are all told, each a line.
 */
export async function readKit(
  folder: string,
  fingerprint: string | undefined,
  signal: AbortSignal,
): Promise<Outcome<Kit, readonly string[]>> {
  const [manifest, signature, keyring] = await Promise.all([
    readBounded(join(folder, 'kit.json'), MANIFEST_BYTES_MAX),
    readBounded(join(folder, 'kit.json.asc'), FILE_BYTES_MAX),
    readBounded(join(folder, KEYRING), FILE_BYTES_MAX),
  ])
  if (manifest === undefined || signature === undefined || keyring === undefined) {
    return fail([`"${folder}" is no kit: kit.json, kit.json.asc and ${KEYRING} belong to one`])
  }
  const text = Buffer.from(signature).toString('latin1')
  const signedBy = await verifyDetached(manifest, text, keyring, signal)
  if (!signedBy.ok)
    return fail([`the signature of kit.json does not hold: ${signedBy.fault.reason}`])
  if (fingerprint !== undefined && fingerprint !== signedBy.value) {
    return fail([`the kit is signed by ${signedBy.value}, not by ${fingerprint}`])
  }
  const parsed = parseManifest(Buffer.from(manifest).toString('utf8'))
  if (!parsed.ok) return fail([`kit.json cannot be used: ${parsed.fault}`])
  return await readFiles(folder, parsed.value, signedBy.value)
}

async function readFiles(
  folder: string,
  manifest: KitManifest,
  fingerprint: string,
): Promise<Outcome<Kit, readonly string[]>> {
  const files = new Map<string, Uint8Array>()
  const faults: string[] = []
  for (const { path, sha256 } of manifest.files) {
    const bytes = await readBounded(join(folder, path), FILE_BYTES_MAX)
    if (bytes === undefined) faults.push(`${path} is missing`)
    else if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      faults.push(`${path} is not what was signed; ask for the kit again`)
    } else files.set(path, bytes)
  }
  return faults.length > 0 ? fail(faults) : ok({ manifest, fingerprint, files })
}

/** Undefined when it is not there, cannot be read, or is longer. */
async function readBounded(path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    return size > bytesMax ? undefined : await file.readFile()
  } catch {
    return undefined
  }
}
