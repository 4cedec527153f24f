/**
 * Patches of a database of 64 MiB with 1 % changed lines, against sigtool in the same run:
 * making them, applying them, and making the published file again out of one.
 *
 *     node bench/patches.ts [LINES]      2,000,000 by default
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { publicKeys } from '#formats/dsig/index.ts'
import { makeOwnKeyClamav, ownKeyClamavMissing } from '../test/support/own-key-clamav.ts'
import { makePair } from './pair.ts'
import { claim, interleaved, memoryClaim, timed } from './timed.ts'

const ROUNDS = 3
const MIB_MAX = 200
const missing = ownKeyClamavMissing()
if (missing !== undefined) throw new Error(`Cannot compare: ${missing}`)
const pair = await makePair(Number(process.argv[2] ?? 2_000_000))
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-bench-'))
const at = (...names: readonly string[]) => join(folder, ...names)
try {
  const own = makeOwnKeyClamav(at('own'), publicKeys(pair.secrets))
  const sigtool = (args: readonly string[], cwd: string) =>
    timed(own.sigtool, args, { env: own.env, cwd })
  const cvdnet = (...args: readonly string[]) =>
    timed(process.execPath, ['bin/cvdnet.ts', 'cvd', ...args])
  mkdirSync(at('diff', 'old'), { recursive: true })
  cpSync(pair.old, at('diff', 'old', 'daily.cvd'))
  cpSync(pair.fresh, at('diff', 'daily.cvd'))
  console.log(`${pair.lines} lines, ${(statSync(pair.old).size / 2 ** 20).toFixed(1)} MiB`)

  const script = at('daily-2.script')
  const patch = at('daily-2.cdiff')
  const diff = ['diff', pair.old, pair.fresh, '--keys', pair.keysFile]
  const making = await interleaved(ROUNDS, {
    theirs: () => sigtool(['--diff=old/daily.cvd', 'daily.cvd'], at('diff')),
    ours: () => cvdnet(...diff, '--script', '-o', script),
  })
  const { out } = await cvdnet(...diff, '--key', pair.keyFile, '-o', patch)
  console.log(out.trim().split(': ').at(-1))
  const sizes = [script, at('diff', 'daily-2.script')].map((path) => readFileSync(path))
  const [ours, theirs] = sizes.map(
    (bytes) => `${bytes.byteLength} bytes (${gzipSync(bytes, { level: 9 }).byteLength} packed)`,
  )
  console.log(`script: ${ours}, sigtool's ${theirs}`)

  for (const name of ['unpacked', 'ours', 'theirs']) mkdirSync(at(name))
  await sigtool(['--unpack', resolve(pair.old)], at('unpacked'))
  const fresh = (name: string) => {
    rmSync(at(name), { recursive: true, force: true })
    cpSync(at('unpacked'), at(name), { recursive: true })
    return at(name)
  }
  const inProcess = 'bench/patches-in-process.ts'
  const applying = await interleaved(ROUNDS, {
    theirs: () => sigtool([`--run-cdiff=${patch}`], fresh('theirs')),
    whole: () => timed(process.execPath, [inProcess, patch, pair.keysFile, fresh('ours')]),
    ours: async () => {
      const folders = [fresh('ours'), fresh('again')]
      const run = await timed(process.execPath, [inProcess, patch, pair.keysFile, ...folders])
      return { ...JSON.parse(run.out), out: run.out }
    },
  })

  const rebuilt = at('daily.cvd')
  const rebuild = [
    'rebuild',
    pair.old,
    patch,
    '--header',
    pair.fresh,
    '--keys',
    pair.keysFile,
    '-o',
    rebuilt,
  ]
  const rebuilding = await cvdnet(...rebuild)
  const isSame = readFileSync(rebuilt).equals(readFileSync(pair.fresh))
  const wire = statSync(patch).size + 512
  claim(
    'apply and check, with the start of Node',
    applying.whole,
    applying.theirs,
    Number.POSITIVE_INFINITY,
  )
  const verdicts = [
    claim('cvd diff / sigtool --diff', making.ours, making.theirs, 1),
    claim('apply and check, in process / sigtool --run-cdiff', applying.ours, applying.theirs, 1),
    memoryClaim('cvd diff', making.ours.peakMib, MIB_MAX),
    memoryClaim('apply', applying.ours.peakMib, MIB_MAX),
    memoryClaim('cvd rebuild', rebuilding.peakMib, MIB_MAX),
    isSame,
  ]
  console.log(
    `cvd rebuild: ${rebuilding.ms.toFixed(0)} ms; ${wire} bytes instead of ${statSync(pair.fresh).size}; ${isSame ? 'the published bytes' : 'OTHER BYTES'}`,
  )
  process.exitCode = verdicts.every(Boolean) ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}
