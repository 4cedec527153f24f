/**
 * Two versions of a synthetic `daily` with lines that are all different, for measuring patches: 2 million lines that
 * pack to some 64 MiB, and the next version with 1 % of them changed, as it happens: a third went, a third became
 * others, as many as went came at the end. Made from a seed, and kept in `.cache`, since packing takes a while.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { buildFile, describeBuildFault } from '#adapters/databases/index.ts'
import { drawSalt, newPublisherSecrets } from '#adapters/keys/index.ts'
import { dbVersion, parseDbName } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import { signerOf } from '#core/databases/index.ts'
import {
  type PublisherSecrets,
  parsePublisherSecrets,
  printPublisherKeys,
  printPublisherSecrets,
  publicKeys,
} from '#formats/dsig/index.ts'

export interface Pair {
  readonly secrets: PublisherSecrets
  readonly keyFile: string
  readonly keysFile: string
  /** `old/daily.cvd` and `new/daily.cvd`, versions 1 and 2: sigtool takes the name from the file. */
  readonly old: string
  readonly fresh: string
  readonly lines: number
}

/** Lines in these shares pack to some 64 MiB for 2 million. */
const MEMBERS = [
  { extension: 'hsb', share: 0.3 },
  { extension: 'hsu', share: 0.3 },
  { extension: 'hdb', share: 0.4 },
] as const
type Extension = (typeof MEMBERS)[number]['extension']
const FLUSH_LINES = 20_000

export async function makePair(lines: number, seed = 1): Promise<Pair> {
  const folder = join('.cache', `bench-pair-${lines}-${seed}`)
  const at = (...names: readonly string[]) => join(folder, ...names)
  const pair = {
    keyFile: at('key'),
    keysFile: at('keys'),
    old: at('old', 'daily.cvd'),
    fresh: at('new', 'daily.cvd'),
    lines,
  }
  if (!existsSync(pair.fresh)) {
    mkdirSync(folder, { recursive: true })
    const secrets = await newPublisherSecrets('bench')
    writeFileSync(pair.keyFile, printPublisherSecrets(secrets), { mode: 0o600 })
    writeFileSync(pair.keysFile, printPublisherKeys(publicKeys(secrets)))
    for (const [index, name] of (['old', 'new'] as const).entries()) {
      mkdirSync(at(name), { recursive: true })
      for (const { extension, share } of MEMBERS) {
        await writeMember(
          at(name, `daily.${extension}`),
          extension,
          lines * share,
          seed,
          index === 1,
        )
      }
      await build(at(name), index + 1, secrets)
    }
  }
  const secrets = parsePublisherSecrets(readFileSync(pair.keyFile, 'utf8'))
  if (!secrets.ok) throw new Error('Cannot read the keys')
  return { ...pair, secrets: secrets.value }
}

async function writeMember(
  path: string,
  extension: Extension,
  lines: number,
  seed: number,
  isNext: boolean,
): Promise<void> {
  await using file = await open(path, 'w')
  let held: string[] = []
  let gone = 0
  const put = async (line: string) => {
    held.push(line)
    if (held.length < FLUSH_LINES) return
    await file.write(held.join(''))
    held = []
  }
  for (let index = 0; index < lines; index += 1) {
    // 997 and 331 share no factor, so the changes are spread and not regular.
    const fate = isNext ? (index * 331) % 997 : 997
    if (fate < 3) gone += 1
    else await put(lineOf(extension, seed, index, fate < 7 ? 'changed' : ''))
  }
  for (let index = 0; index < gone; index += 1)
    await put(lineOf(extension, seed, lines + index, ''))
  await file.write(held.join(''))
}

function lineOf(extension: Extension, seed: number, index: number, mark: string): string {
  const kind = extension === 'hdb' ? 'md5' : 'sha256'
  const hash = createHash(kind).update(`${seed} ${extension} ${index}`).digest('hex')
  const size = Number.parseInt(hash.slice(0, 5), 16) + 1
  return `${hash}:${size}:Win.Malware.Agent${mark}-${index}-0:73\n`
}

async function build(folder: string, version: number, secrets: PublisherSecrets): Promise<void> {
  const name = parseDbName('daily')
  const number = dbVersion(version)
  if (!name.ok || number === undefined) throw new Error('Cannot name the database')
  const draft = join(folder, 'building.cvd')
  const built = await buildFile({
    folder,
    into: draft,
    how: { kind: 'cvd', signer: signerOf(secrets, drawSalt) },
    name: name.value,
    version: number,
    builder: 'bench',
    builtAt: epochSeconds(1_700_000_000 + version * 3600),
    functionalityLevel: 90,
    signal: new AbortController().signal,
  })
  if (!built.ok) throw new Error(built.fault.map(describeBuildFault).join('; '))
  renameSync(draft, join(folder, 'daily.cvd'))
}
