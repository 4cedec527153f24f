/**
 * How fast the databases of 2003 are made (wanted: text at 100 MB/s or more), beside `cut` and `tr` in one run.
 *
 *     node bench/legacy.ts [MB]        256 by default
 *
 * First the conversion alone, of `.ndb` text in memory, each line of which the old format can say; then the whole job
 * from a database on disk: read, MD5, inflate, SHA-256 of every member, convert, two hashes of the result, fsync. MB are
 * millions of bytes of member text. The yardstick `cut -d: -f1,4 | tr : =` makes the same lines from the same
 * text, but checks nothing. Medians of interleaved runs, files warm in the cache.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drawSalt, newPublisherSecrets } from '#adapters/keys/index.ts'
import { dbVersion, parseDbName } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import { signerOf } from '#core/databases/index.ts'
import { buildDatabase } from '#formats/cvd/index.ts'
import { printPublisherKeys, publicKeys } from '#formats/dsig/index.ts'
import { LegacyConverter } from '#formats/legacy-db/index.ts'

const ROUNDS = 5
const MB = 1_000_000
const MB_PER_SECOND_MIN = 100
/** What the full check of a database may take, of which this is one. */
const RSS_MIB_MAX = 120
const PIECE_BYTES = 256 * 1024
/** A guess of the mean of real ones. */
const PATTERN_HASHES = 2

interface Round {
  readonly cut: number
  readonly alone: number
  readonly whole: number
  readonly rssMib: number
}

const wantedMb = Number(process.argv[2] ?? 256)
const block = linesOf(20_000)
const count = Math.max(1, Math.round((wantedMb * MB) / block.byteLength))
const textBytes = count * block.byteLength
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-bench-'))
try {
  const text = join(folder, 'main.ndb')
  const file = openSync(text, 'w')
  for (let at = 0; at < count; at += 1) writeSync(file, block)
  closeSync(file)
  const secrets = await newPublisherSecrets('bench')
  const database = join(folder, 'main.cvd')
  const name = parseDbName('main')
  const version = dbVersion(1)
  if (!name.ok || version === undefined) throw new Error('Cannot name the database')
  writeFileSync(
    database,
    buildDatabase({
      kind: 'cvd',
      signer: signerOf(secrets, drawSalt),
      name: name.value,
      version,
      members: new Map([['main.ndb', readFileSync(text)]]),
      builder: 'bench',
      builtAt: epochSeconds(1_700_000_000),
      functionalityLevel: 90,
      signatures: count,
    }),
  )
  const keys = join(folder, 'keys.json')
  writeFileSync(keys, printPublisherKeys(publicKeys(secrets)))
  const rounds: Round[] = []
  for (let round = 0; round <= ROUNDS; round += 1) {
    const cut = timed(() => {
      const command = `cut -d: -f1,4 < '${text}' | tr : = > '${join(folder, 'cut.out')}'`
      if (spawnSync('sh', ['-c', command]).status !== 0) throw new Error('Cannot run cut')
    })
    const alone = timed(() => convertInMemory())
    const args = ['bench/legacy-in-process.ts', database, keys, folder]
    const child = spawnSync(process.execPath, args, { encoding: 'utf8' })
    if (child.status !== 0) throw new Error(`Cannot make the old database: ${child.stderr}`)
    const { ms, rssMib }: { ms: number; rssMib: number } = JSON.parse(child.stdout)
    if (round > 0) rounds.push({ cut, alone, whole: ms, rssMib })
  }
  const same = readFileSync(join(folder, 'cut.out')).equals(
    readFileSync(join(folder, 'viruses.db')),
  )
  if (!same) throw new Error('Cannot compare: cut gives other lines')
  report(rounds)
} finally {
  rmSync(folder, { recursive: true })
}

function report(rounds: readonly Round[]): void {
  const of = (name: keyof Round) =>
    rounds.map((round) => round[name]).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0
  const speed = (ms: number) => textBytes / MB / (ms / 1000)
  console.log(`${(textBytes / MB).toFixed(0)} MB of text, all of which the old format can say`)
  const yardstick = of('cut')
  console.log(`  cut and tr                  ${speed(yardstick).toFixed(0).padStart(6)} MB/s`)
  for (const [title, ms] of [
    ['conversion alone', of('alone')],
    ['whole job, from a .cvd', of('whole')],
  ] as const) {
    const holds = speed(ms) >= MB_PER_SECOND_MIN ? 'holds' : 'FAILS'
    if (holds === 'FAILS') process.exitCode = 1
    console.log(
      `  ${title.padEnd(28)}${speed(ms).toFixed(0).padStart(6)} MB/s  ${(ms / yardstick).toFixed(2)} of cut's time  (${holds}, >= ${MB_PER_SECOND_MIN} MB/s)`,
    )
  }
  const rss = Math.max(...rounds.map(({ rssMib }) => rssMib))
  if (rss > RSS_MIB_MAX) process.exitCode = 1
  const verdict = rss <= RSS_MIB_MAX ? 'holds' : 'FAILS'
  console.log(
    `  resident memory, whole job  ${rss.toFixed(0)} MiB  (${verdict}, <= ${RSS_MIB_MAX})`,
  )
}

/** In pieces of the size that a database gives. */
function convertInMemory(): void {
  const converter = new LegacyConverter('ndb')
  let written = 0
  for (let turn = 0; turn < count; turn += 1) {
    for (let at = 0; at < block.byteLength; at += PIECE_BYTES) {
      written += converter.push(block.subarray(at, at + PIECE_BYTES)).byteLength
    }
  }
  if (written === 0) throw new Error('Cannot convert')
}

function linesOf(lines: number): Uint8Array {
  const text = Array.from({ length: lines }, (_, at) => {
    const hex = Array.from({ length: PATTERN_HASHES }, (_hash, part) =>
      createHash('sha1').update(`${at}:${part}`).digest('hex'),
    )
    return `Win.Trojan.Agent-${at}:0:*:${hex.join(at % 5 === 0 ? '*' : '')}\n`
  })
  return Buffer.from(text.join(''), 'latin1')
}

function timed(work: () => void): number {
  const start = performance.now()
  work()
  return performance.now() - start
}
