/**
 * How long it takes to verify a database, against sigtool in the same run.
 *
 *     node bench/verify.ts [MIB…]        64 and 256 by default
 *
 * Two yardsticks, since `sigtool --info` does two things. With a header signature that fails it stops after MD5 and
 * RSA: that is exactly our outer check, and the stricter yardstick. With one that holds, it goes on and unpacks the
 * whole file to check the list of members; to see that on synthetic data, copies of ClamAV's libraries are made that
 * trust our keys (formats.md 8.3). Medians of interleaved runs, files warm in the cache.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drawSalt, newPublisherSecrets } from '#adapters/keys/index.ts'
import { signerOf } from '#core/databases/index.ts'
import { printPublisherKeys, publicKeys } from '#formats/dsig/index.ts'
import { makeOwnKeyClamav, ownKeyClamavMissing } from '../test/support/own-key-clamav.ts'
import { writeSyntheticDaily } from './synthetic.ts'

const ROUNDS = 5
const MIB = 1024 * 1024
const RSS_MIB_MAX = 120

interface InProcess {
  readonly outerMs: number
  readonly fullMs: number
  readonly rssMib: number
}

const missing = ownKeyClamavMissing()
if (missing !== undefined) throw new Error(`Cannot compare: ${missing}`)
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-bench-'))
let allHold = true
try {
  const secrets = await newPublisherSecrets('bench')
  const own = makeOwnKeyClamav(join(folder, 'own'), publicKeys(secrets))
  const keys = join(folder, 'keys.json')
  writeFileSync(keys, printPublisherKeys(publicKeys(secrets)))
  const sizes = process.argv.slice(2).map(Number)
  for (const mib of sizes.length > 0 ? sizes : [64, 256]) {
    const path = join(folder, `daily-${mib}.cvd`)
    const signer = signerOf(secrets, drawSalt)
    await writeSyntheticDaily(path, { seed: mib, fileBytes: mib * MIB, signer })
    allHold = report(mib, await measure(path, keys, own)) && allHold
    rmSync(path)
  }
} finally {
  rmSync(folder, { recursive: true })
}
process.exitCode = allHold ? 0 : 1

type Samples = Record<
  'infoFails' | 'infoHolds' | 'unpack' | 'outer' | 'outerWhole' | 'full' | 'fullWhole' | 'rss',
  number
>

async function measure(
  path: string,
  keys: string,
  own: ReturnType<typeof makeOwnKeyClamav>,
): Promise<Samples> {
  const rounds: Samples[] = []
  const env = { ...process.env, ...own.env }
  const unpacked = join(folder, 'unpacked')
  const verify = ['bin/cvdnet.ts', 'cvd', 'verify', '--keys', keys]
  for (let round = 0; round < ROUNDS; round += 1) {
    rmSync(unpacked, { recursive: true, force: true })
    mkdirSync(unpacked)
    const child = spawnSync(process.execPath, ['bench/verify-in-process.ts', path, keys])
    const ours: InProcess = JSON.parse(child.stdout.toString())
    rounds.push({
      infoFails: time('sigtool', ['--info', path], 1),
      outer: ours.outerMs,
      outerWhole: time(process.execPath, [...verify, '--outer', path], 0),
      infoHolds: time(own.sigtool, ['--info', path], 0, { env }),
      unpack: time(own.sigtool, ['--unpack', path], 0, { env, cwd: unpacked }),
      full: ours.fullMs,
      fullWhole: time(process.execPath, [...verify, path], 0),
      rss: ours.rssMib,
    })
  }
  const of = (name: keyof Samples) => median(rounds.map((round) => round[name]))
  return {
    infoFails: of('infoFails'),
    infoHolds: of('infoHolds'),
    unpack: of('unpack'),
    outer: of('outer'),
    outerWhole: of('outerWhole'),
    full: of('full'),
    fullWhole: of('fullWhole'),
    rss: Math.max(...rounds.map(({ rss }) => rss)),
  }
}

function report(mib: number, of: Samples): boolean {
  const ms = (value: number) => `${value.toFixed(0).padStart(6)} ms`
  console.log(`\n${mib} MiB`)
  console.log(`  sigtool --info, signature fails (MD5, RSA)  ${ms(of.infoFails)}`)
  console.log(`  sigtool --info, signature holds (unpacks)   ${ms(of.infoHolds)}`)
  console.log(`  sigtool --unpack                            ${ms(of.unpack)}`)
  const claims: readonly (readonly [string, number, number, number | undefined])[] = [
    ['outer check, in process / info that fails', of.outer, of.infoFails, 1],
    ['outer check, in process / info that holds', of.outer, of.infoHolds, 1],
    ['outer check, whole process / info that holds', of.outerWhole, of.infoHolds, 1.5],
    ['outer check, whole process / info that fails', of.outerWhole, of.infoFails, undefined],
    ['full check, in process / info + unpack', of.full, of.infoHolds + of.unpack, 1],
    ['full check, whole process / info + unpack', of.fullWhole, of.infoHolds + of.unpack, 1],
    ['full check, whole process / info that holds', of.fullWhole, of.infoHolds, undefined],
  ]
  let hold = of.rss <= RSS_MIB_MAX
  for (const [title, ours, theirs, max] of claims) {
    const ratio = ours / theirs
    const verdict =
      max === undefined ? 'no claim' : `${ratio <= max ? 'holds' : 'FAILS'}, <= ${max}`
    hold = hold && (max === undefined || ratio <= max)
    console.log(`  ${title.padEnd(46)}${ms(ours)}  ratio ${ratio.toFixed(2)}  (${verdict})`)
  }
  const memory = of.rss <= RSS_MIB_MAX ? 'holds' : 'FAILS'
  console.log(
    `  resident memory, full check: ${of.rss.toFixed(0)} MiB  (${memory}, <= ${RSS_MIB_MAX})`,
  )
  return hold
}

function time(
  command: string,
  args: readonly string[],
  status: number,
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): number {
  const start = performance.now()
  const run = spawnSync(command, args, options)
  const ms = performance.now() - start
  if (run.status !== status) {
    throw new Error(`Cannot run ${command} ${args.join(' ')}: status ${run.status}, ${run.stderr}`)
  }
  return ms
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
