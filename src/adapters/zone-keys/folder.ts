/**
 * Keys of a signed zone in a folder, a file each. A step of a key's life is one file replaced whole, and no file is ever
 * removed, so that a folder that is copied while it changes is at worst an older one. Throws `ZoneKeyError` and `DiskError`.
 */
import { randomBytes } from 'node:crypto'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf, makeFolders, writeFileAtomic } from '#adapters/disk/index.ts'
import type { EpochSeconds } from '#base/time.ts'
import {
  isKeyFileName,
  keyFileName,
  PRIVATE_KEY_BYTES,
  parseKeyFile,
  printKeyFile,
  signingKeys,
  timesOfNewKey,
  type ZoneKey,
  zoneKey,
} from '#core/dnssec/index.ts'
import { type DnsName, dnsName } from '#formats/dns-message/index.ts'
import { unreadable, ZoneKeyError } from './error.ts'

/** Ours have some 300. */
const KEY_FILE_BYTES_MAX = 16_384
const SECRET_MODE = 0o600
export const FOLDER_MODE = 0o700
/** Bits of whoever is not the owner. */
const OTHERS = 0o077

/** The zone's keys, by tag. A folder that is not there yet holds none. */
export async function readZoneKeys(folder: string, zone: string): Promise<readonly ZoneKey[]> {
  const files = await keyFiles(folder, dnsName(zone))
  const keys = await Promise.all(files.map((file) => readZoneKey(folder, file, dnsName(zone))))
  return keys.toSorted((a, b) => a.tag - b.tag)
}

/** For whoever must sign: one of them does. */
export async function readSigningKeys(
  folder: string,
  zone: string,
  now: EpochSeconds,
): Promise<readonly ZoneKey[]> {
  const keys = await readZoneKeys(folder, zone)
  if (signingKeys(keys, now).length > 0) return keys
  throw new ZoneKeyError(
    'no-active-key',
    `sign "${zone}": no key in "${folder}" is active; "cvdnet dns-key new" makes the first`,
  )
}

/** Replaces what is there of that key. */
export async function writeZoneKey(folder: string, zone: string, key: ZoneKey): Promise<void> {
  const file = join(folder, keyFileName(dnsName(zone), key.tag))
  await writeFileAtomic(file, printKeyFile(key), { mode: SECRET_MODE })
}

/**
 * A new key, active where it is the first. Its tag is none of the others', those long gone included. As with every
 * change, the caller has the lock.
 */
export async function newZoneKey(
  folder: string,
  zone: string,
  now: EpochSeconds,
): Promise<ZoneKey> {
  await makeFolders(folder, FOLDER_MODE)
  const others = await readZoneKeys(folder, zone)
  const times = timesOfNewKey(others, now)
  for (;;) {
    const key = zoneKey(Uint8Array.from(randomBytes(PRIVATE_KEY_BYTES)), times)
    if (key === undefined || others.some(({ tag }) => tag === key.tag)) continue
    await writeZoneKey(folder, zone, key)
    return key
  }
}

export async function keyFiles(folder: string, zone: DnsName): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => isKeyFileName(name, zone)).toSorted()
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw unreadable(`read the folder of keys "${folder}"`, error)
  }
}

async function readZoneKey(folder: string, name: string, zone: DnsName): Promise<ZoneKey> {
  const file = join(folder, name)
  const read = parseKeyFile(await readSecret(file))
  if (!read.ok) throw new ZoneKeyError('bad-key-file', `use key file "${file}": it ${read.fault}`)
  const named = keyFileName(zone, read.value.tag)
  if (named === name) return read.value
  throw new ZoneKeyError('bad-key-file', `use key file "${file}": its key belongs into "${named}"`)
}

async function readSecret(file: string): Promise<string> {
  try {
    await using handle = await open(file, 'r')
    const { mode, size } = await handle.stat()
    if ((mode & OTHERS) !== 0) {
      const why = 'others may read it (chmod 600)'
      throw new ZoneKeyError('key-file-exposed', `use key file "${file}": ${why}`)
    }
    if (size > KEY_FILE_BYTES_MAX) {
      throw new ZoneKeyError('bad-key-file', `use key file "${file}": it is too long for a key`)
    }
    return await handle.readFile('latin1')
  } catch (error) {
    if (error instanceof ZoneKeyError) throw error
    throw unreadable(`read key file "${file}"`, error)
  }
}
