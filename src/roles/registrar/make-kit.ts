import { createHash } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DiskError, diskError, errnoOf, neighbour, writeFileAtomic } from '#adapters/disk/index.ts'
import type { NetworkPgpKey } from '#adapters/openpgp/index.ts'
import { type Outcome, ok } from '#base/outcome.ts'
import { type KitFacts, type KitFile, kitFiles, printManifest } from '#core/kit/index.ts'
import type { WebServerConfFault } from '#formats/web-server-conf/index.ts'

/** The network's public key in a kit: for `gpg --import`, and as gpgv wants it. */
const PUBLIC_KEY = 'network-key.asc'
const KEYRING = 'network-key.gpg'
const FOLDER_MODE = 0o700

/**
 * Writes a mirror's kit into a folder that does not exist yet (R47–R67). It is there whole or not at all. The
 * fault is a path that cannot stand in a web server's configuration. Throws
 * `DiskError` and `OpenPgpError`.
 */
export async function makeKit(
  facts: Omit<KitFacts, 'fingerprint'>,
  key: NetworkPgpKey,
  folder: string,
): Promise<Outcome<void, WebServerConfFault>> {
  const all = { ...facts, fingerprint: key.fingerprint }
  const files = kitFiles(all)
  if (!files.ok) return files
  const draft = neighbour(folder)
  try {
    await mkdir(dirname(folder), { recursive: true })
    await mkdir(draft, { mode: FOLDER_MODE })
    await fill(draft, all, files.value, key)
    await moveInPlace(draft, folder)
    return ok(undefined)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

async function fill(
  folder: string,
  facts: KitFacts,
  files: readonly KitFile[],
  key: NetworkPgpKey,
): Promise<void> {
  const hashes: { path: string; sha256: string }[] = []
  const put = async (path: string, content: string | Uint8Array, mode = 0o644): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true, mode: FOLDER_MODE })
    await writeFileAtomic(join(folder, path), content, { mode })
    hashes.push({ path, sha256: createHash('sha256').update(content).digest('hex') })
  }
  for (const { path, text, mode, isSigned } of files) {
    await put(path, text, mode)
    if (isSigned) await put(`${path}.asc`, await key.sign(Buffer.from(text)))
  }
  await put(PUBLIC_KEY, await key.publicKey())
  await put(KEYRING, await key.keyring())
  const { zone, name, account } = facts
  const manifest = printManifest({ zone, mirror: name, account, files: hashes })
  await writeFileAtomic(join(folder, 'kit.json'), manifest)
  await writeFileAtomic(join(folder, 'kit.json.asc'), await key.sign(Buffer.from(manifest)))
}

async function moveInPlace(draft: string, folder: string): Promise<void> {
  try {
    await rename(draft, folder)
  } catch (error) {
    const errno = errnoOf(error) ?? ''
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errno)) throw takenError(folder, error)
    throw diskError(`put "${folder}" in place`, error)
  }
}

function takenError(folder: string, cause: unknown): DiskError {
  return new DiskError('not-allowed', `write a kit to "${folder}": something is there already`, {
    cause,
  })
}
