/**
 * Key files: a node's host key, and a master's trigger key (decision 10). Ed25519, in OpenSSH's own format so that
 * `ssh-keygen` and `ssh -i` read them, mode 0600, made on first use and never overwritten.
 */
import { createHash } from 'node:crypto'
import { link, mkdir, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import ssh2 from 'ssh2'
import type { SshPublicKey } from '#ports/ssh-door.ts'
import { doorError, SshDoorError, systemCode } from './errors.ts'

export interface KeyPair {
  /** The whole text of the file. */
  readonly privateKey: string
  readonly publicKey: SshPublicKey
}

/** `string "ssh-ed25519"`, `string` of 32 bytes (RFC 8709). */
const ED25519_PUBLIC_BYTES = 4 + 11 + 4 + 32
/** Ed25519 files take about 400 bytes, RSA of 16384 bits 13 KiB. */
const KEY_FILE_BYTES_MAX = 64 * 1024

/** Reads the key in `file`, or makes one there. Of two who make it at once, both get the first one's. */
export async function loadOrMakeKey(file: string, comment: string): Promise<KeyPair> {
  const found = await readKey(file)
  if (found !== undefined) return found
  await writeKey(file, newPrivateKey(comment))
  const made = await readKey(file)
  if (made === undefined) throw new SshDoorError('bad-key-file', `read the new key "${file}"`)
  return made
}

/** `SHA256:…`, as OpenSSH prints it. */
export function fingerprint(key: SshPublicKey | Uint8Array): string {
  const blob = typeof key === 'string' ? Buffer.from(key.split(' ')[1] ?? '', 'base64') : key
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

async function readKey(file: string): Promise<KeyPair | undefined> {
  let text: string
  try {
    await using handle = await open(file, 'r')
    const { mode, size } = await handle.stat()
    if ((mode & 0o077) !== 0) {
      throw new SshDoorError(
        'key-file-exposed',
        `use key file "${file}": others may read it (chmod 600)`,
      )
    }
    if (size > KEY_FILE_BYTES_MAX) throw new SshDoorError('bad-key-file', `read "${file}" as a key`)
    text = await handle.readFile('latin1')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    if (error instanceof SshDoorError) throw error
    throw doorError('bad-key-file', `read key file "${file}"`, error)
  }
  const key = ssh2.utils.parseKey(text)
  if (key instanceof Error || Array.isArray(key) || !key.isPrivateKey()) {
    throw new SshDoorError('bad-key-file', `read "${file}" as a private key`, { cause: key })
  }
  return { privateKey: text, publicKey: publicLine(key) }
}

export function publicLine(key: ssh2.ParsedKey): SshPublicKey {
  return `${key.type} ${key.getPublicSSH().toString('base64')}`
}

function newPrivateKey(comment: string): string {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment })
    const blob = Buffer.from(pair.public.split(' ')[1] ?? '', 'base64')
    // ssh2 1.17 drops leading zero bytes of the public key, which breaks one pair in 256: take another.
    if (blob.byteLength === ED25519_PUBLIC_BYTES) return pair.private
  }
}

/** Complete and on the disk before it has its name; `link` refuses where the name is taken. */
async function writeKey(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.${crypto.randomUUID().slice(0, 8)}.tmp`
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await using handle = await open(draft, 'wx', 0o600)
    await handle.writeFile(text)
    await handle.sync()
    await link(draft, file).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw error
    })
    await unlink(draft)
    await using folder = await open(dirname(file), 'r')
    await folder.sync()
  } catch (error) {
    throw doorError('bad-key-file', `make key file "${file}"`, error)
  }
}
