import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const WHOLE = 'daily.cvd'
export const PATCH = 'daily-27001.cdiff'
export const WHOLE_BYTES = 64 * 1024 * 1024
const PATCH_BYTES = 20_000
const BUILT = 1_795_000_000
export const WHOLE_DATE = new Date(BUILT * 1000).toUTCString()

/** Files of the lengths that matter. What is in them does not, as no server here compresses. */
export function makeTree(folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, WHOLE), Buffer.alloc(WHOLE_BYTES, 'ClamAV-VDB:'))
  writeFileSync(join(folder, PATCH), Buffer.alloc(PATCH_BYTES, 'patch'))
  for (const name of [WHOLE, PATCH]) utimesSync(join(folder, name), BUILT, BUILT)
}
