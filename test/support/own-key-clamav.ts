import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { CLAMAV_KEYS, KEY_ROLES, type PublisherKeys } from '#formats/dsig/index.ts'

/**
 * ClamAV's own programs, made to trust a publisher's keys instead of ClamAV's: copies of the installed libraries in
 * which three decimal numbers are replaced (formats.md 8.3). For tests and measurements on this machine only; such
 * copies are never shipped.
 */
export interface OwnKeyClamav {
  readonly sigtool: string
  /** To be added to the environment of sigtool, freshclam and clamscan. */
  readonly env: { readonly LD_LIBRARY_PATH: string }
}

const LIBRARIES = ['libclamav.so.12', 'libfreshclam.so.3']
const SIGTOOL = '/usr/bin/sigtool'

/** Why it cannot be done here, or undefined. */
export function ownKeyClamavMissing(): string | undefined {
  const missing = LIBRARIES.find((library) => find(library) === undefined)
  if (missing !== undefined) return `${missing} is not installed`
  return existsSync(SIGTOOL) ? undefined : 'sigtool is not installed'
}

/** `folder` is made, and belongs to the caller. */
export function makeOwnKeyClamav(folder: string, keys: PublisherKeys): OwnKeyClamav {
  mkdirSync(folder, { recursive: true })
  let replaced = 0
  for (const from of [...LIBRARIES.map((library) => find(library) ?? library), SIGTOOL]) {
    const to = join(folder, basename(from))
    copyFileSync(from, to)
    const bytes = readFileSync(to)
    for (const role of KEY_ROLES) {
      const theirs = CLAMAV_KEYS[role].n.toString()
      const at = bytes.indexOf(theirs)
      if (at < 0) continue
      bytes.write(keys[role].n.toString().padStart(theirs.length, '0'), at, 'latin1')
      replaced += 1
    }
    writeFileSync(to, bytes)
  }
  // The header and info numbers are in libclamav, the patch number in libfreshclam and in sigtool.
  if (replaced !== 4) throw new Error(`Cannot replace the keys: found ${replaced} numbers of 4`)
  return { sigtool: join(folder, basename(SIGTOOL)), env: { LD_LIBRARY_PATH: folder } }
}

function find(library: string): string | undefined {
  return globSync([`/usr/lib/*/${library}`, `/usr/lib/${library}`, `/lib/*/${library}`])[0]
}
