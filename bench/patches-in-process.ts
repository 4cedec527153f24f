/**
 * The part of `bench/patches.ts` that does what `sigtool --run-cdiff` does: checks a patch, applies it, and checks the
 * hashes in `.info`. Once for each folder in one process: the first is the warm-up that a running server has behind it.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readPieces } from '#adapters/databases/index.ts'
import { applyPatchFile, DiskFolder } from '#adapters/patches/index.ts'
import { toHex } from '#base/bytes.ts'
import { parseInfo } from '#formats/cvd/index.ts'
import { parsePublisherKeys } from '#formats/dsig/index.ts'

const [patch = '', keysFile = '', ...folders] = process.argv.slice(2)
const keys = parsePublisherKeys(readFileSync(keysFile, 'utf8'))
if (!keys.ok) throw new Error('Cannot read the keys')
const options = { publishers: [keys.value], signal: new AbortController().signal }

async function applyAndCheck(folder: string): Promise<void> {
  const end = await applyPatchFile(patch, new DiskFolder(folder), options)
  if (!end.ok) throw new Error(JSON.stringify(end.fault))
  const info = parseInfo(readFileSync(join(folder, 'daily.info')))
  if (!info.ok) throw new Error(JSON.stringify(info.fault))
  for (const { name, sha256 } of info.value.info.members) {
    const hash = createHash('sha256')
    for await (const piece of readPieces(join(folder, name), options.signal)) hash.update(piece)
    if (toHex(hash.digest()) !== sha256) throw new Error(`Cannot patch "${name}": another result`)
  }
}

let ms = 0
for (const folder of folders) {
  const start = performance.now()
  await applyAndCheck(folder)
  ms = performance.now() - start
}
console.log(JSON.stringify({ ms, peakMib: process.resourceUsage().maxRSS / 1024 }))
