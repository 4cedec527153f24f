import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Key, Metadata, Root, Signature } from '@tufjs/models'
import type { EpochMs } from '#base/time.ts'
import { writeFileAtomic } from '../disk/index.ts'

/** The four roles of TUF 1.0, section 2.1. `root` names the keys of the others and is needed only to change them. */
export const TUF_ROLES = ['root', 'targets', 'snapshot', 'timestamp'] as const
export type TufRole = (typeof TUF_ROLES)[number]
/** The roles that a master signs with at each release. `root` is kept elsewhere once the network runs. */
export type OnlineRole = Exclude<TufRole, 'root'>

export interface TufKey {
  readonly key: Key
  sign(data: Buffer): Signature
}

/** Root metadata is renewed by hand; a year and some slack is what other networks of this kind use. */
const ROOT_LIFE_MS = 400 * 24 * 3_600_000
export const SPEC_VERSION = '1.0.31'

/** First root metadata of a network with newly made keys: `tuf-ROLE.pem` (0600) and `root.json` in `folder`. */
export async function makeNetworkKeys(folder: string, now: EpochMs): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const keys = new Map<TufRole, TufKey>()
  for (const role of TUF_ROLES) {
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    await writeFileAtomic(keyFile(folder, role), pem, { mode: 0o600 })
    keys.set(role, tufKey(privateKey))
  }
  const signed = new Root({
    version: 1,
    specVersion: SPEC_VERSION,
    expires: expiry(now, ROOT_LIFE_MS),
    consistentSnapshot: false,
  })
  for (const [role, { key }] of keys) signed.addKey(key, role)
  const root = new Metadata(signed)
  const signer = keys.get('root')
  if (signer !== undefined) root.sign((data) => signer.sign(data))
  await writeFileAtomic(join(folder, 'root.json'), json(root), { mode: 0o644 })
}

/** Throws with the file's name when a key is missing or is not an ed25519 key in PKCS #8. */
export async function loadTufKey(folder: string, role: TufRole): Promise<TufKey> {
  const file = keyFile(folder, role)
  try {
    return tufKey(createPrivateKey(await readFile(file)))
  } catch (cause) {
    throw new Error(`Cannot read the network's ${role} key "${file}"`, { cause })
  }
}

function keyFile(folder: string, role: TufRole): string {
  return join(folder, `tuf-${role}.pem`)
}

function tufKey(privateKey: KeyObject): TufKey {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  // An ed25519 SubjectPublicKeyInfo ends with the 32 bytes of the key (RFC 8410, section 4).
  const hex = spki.subarray(-32).toString('hex')
  // The key id is the SHA-256 of the canonical JSON of the key (TUF 1.0, section 4.2).
  const canonical = `{"keytype":"ed25519","keyval":{"public":"${hex}"},"scheme":"ed25519"}`
  const keyID = createHash('sha256').update(canonical).digest('hex')
  return {
    key: new Key({ keyID, keyType: 'ed25519', scheme: 'ed25519', keyVal: { public: hex } }),
    sign: (data) =>
      new Signature({ keyID, sig: signBytes(null, data, privateKey).toString('hex') }),
  }
}

export function expiry(now: EpochMs, lifeMs: number): string {
  return new Date(now + lifeMs).toISOString().replace(/\.\d+Z$/, 'Z')
}

export function json(metadata: { toJSON(): unknown }): string {
  return `${JSON.stringify(metadata.toJSON(), undefined, 1)}\n`
}
