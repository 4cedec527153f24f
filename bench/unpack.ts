/**
 * Unpacking a database of 64 MiB, which we verify while we do it, against `sigtool --unpack`.
 *
 *     node bench/unpack.ts [LINES]       2,000,000 by default
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { publicKeys } from '#formats/dsig/index.ts'
import { makeOwnKeyClamav, ownKeyClamavMissing } from '../test/support/own-key-clamav.ts'
import { makePair } from './pair.ts'
import { claim, interleaved, memoryClaim, timed } from './timed.ts'

const missing = ownKeyClamavMissing()
if (missing !== undefined) throw new Error(`Cannot compare: ${missing}`)
const pair = await makePair(Number(process.argv[2] ?? 2_000_000))
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-bench-'))
try {
  const own = makeOwnKeyClamav(join(folder, 'own'), publicKeys(pair.secrets))
  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')]
  const times = await interleaved(5, {
    theirs: () => {
      rmSync(theirs, { recursive: true, force: true })
      mkdirSync(theirs)
      return timed(own.sigtool, ['--unpack', resolve(pair.old)], { env: own.env, cwd: theirs })
    },
    ours: () => {
      rmSync(ours, { recursive: true, force: true })
      const unpack = ['bin/cvdnet.ts', 'cvd', 'unpack', '--keys', pair.keysFile, pair.old, ours]
      return timed(process.execPath, unpack)
    },
  })
  console.log(`${pair.lines} lines, ${(statSync(pair.old).size / 2 ** 20).toFixed(1)} MiB`)
  const fast = claim('cvd unpack / sigtool --unpack', times.ours, times.theirs, 1.2)
  const small = memoryClaim('cvd unpack', times.ours.peakMib, 200)
  process.exitCode = fast && small ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}
