/** `cvdnet mirror bundle`: the tree that a mirror serves, in one file to carry to a mirror without a line. */
import { mkdtempDisposable, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeBundleFault, readBundle, writeBundle } from '#adapters/bundle/index.ts'
import { MirrorTrees, readIfThere, readStart } from '#adapters/disk/index.ts'
import { parseTargets } from '#adapters/tuf/index.ts'
import { type DbName, type DbVersion, parseDbName } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { HEADER_SUFFIX, type Manifest } from '#core/release/index.ts'
import { type EarlierBundle, isTrustFile, planBundle } from '#core/sync/index.ts'
import { HEADER_BYTES, parseHeader } from '#formats/cvd/index.ts'
import { MirrorError } from './compose.ts'
import { loadSettings } from './settings.ts'
import { readTree } from './tree-record.ts'

export interface MakeBundleOptions {
  readonly confFile: string
  readonly home: string
  readonly output: string
  /** A bundle that was carried before; only what is new since then goes in. */
  readonly since: string | undefined
  readonly signal: AbortSignal
}

export interface MadeBundle {
  readonly serial: number
  readonly generation: number
  readonly files: number
  readonly bytes: number
  /** Left out: carried before. */
  readonly unchanged: number
  /** Left out: made of patches where it is loaded. */
  readonly remade: readonly string[]
}

/** Every reason, a line each. Throws `DiskError`, and `MirrorError` for a conf that cannot be used. */
export async function makeBundle(
  options: MakeBundleOptions,
): Promise<Outcome<MadeBundle, readonly string[]>> {
  const { confFile, home, output, since, signal } = options
  const settings = await loadSettings(confFile, home)
  if (!settings.ok) throw new MirrorError('bad-conf', `use "${confFile}"`, settings.fault)
  const served = readTree(await new MirrorTrees(settings.value.state).current())
  if (served === undefined) return fail(['this mirror has nothing to carry yet: let it pull first'])
  const { folder, record } = served
  const manifest = await manifestIn(folder)
  if (manifest === undefined) return fail([`the manifest in ${folder} cannot be read`])
  const hidden = [...manifest.files.keys()].filter((path) => !record.files.has(path))
  if (hidden.length > 0) {
    return fail([
      `this mirror leaves out ${hidden.join(', ')}: what it has is not all of a release`,
    ])
  }
  const earlier = since === undefined ? ok(undefined) : await readEarlier(since, signal)
  if (!earlier.ok) return earlier
  const plan = planBundle(manifest, await versionsIn(folder, manifest), earlier.value)
  const trust = (await readdir(join(folder, 'tuf')))
    .map((name) => `tuf/${name}`)
    .filter(isTrustFile)
  const paths = [...trust, ...plan.take]
  const files = paths.map((path) => ({ path, file: join(folder, path) }))
  const bytes = await writeBundle(output, files, { signal })
  const { serial, generation } = record
  const left = { unchanged: plan.unchanged.length, remade: plan.remade }
  return ok({ serial, generation, files: files.length, bytes, ...left })
}

async function readEarlier(
  file: string,
  signal: AbortSignal,
): Promise<Outcome<EarlierBundle, readonly string[]>> {
  await using scratch = await mkdtempDisposable(join(tmpdir(), 'cvdnet-bundle-'))
  const into = scratch.path
  const only = (path: string) => isTrustFile(path) || path.endsWith(HEADER_SUFFIX)
  const read = await readBundle(file, { into, only, signal })
  if (!read.ok) return fail([`${file}: ${describeBundleFault(read.fault)}`])
  const manifest = await manifestIn(into)
  if (manifest === undefined) return fail([`${file}: it has no manifest`])
  return ok({ manifest, versions: await versionsIn(into, manifest) })
}

async function manifestIn(folder: string): Promise<Manifest | undefined> {
  const text = await readIfThere(join(folder, 'tuf', 'targets.json'))
  return text === undefined ? undefined : parseTargets(text)
}

/** As the headers beside the databases say. */
async function versionsIn(
  folder: string,
  { files }: Manifest,
): Promise<ReadonlyMap<DbName, DbVersion>> {
  const versions = new Map<DbName, DbVersion>()
  for (const path of files.keys()) {
    const name = path.endsWith(HEADER_SUFFIX)
      ? parseDbName(path.slice(0, -HEADER_SUFFIX.length))
      : undefined
    if (name?.ok !== true) continue
    const start = await readStart(join(folder, path), HEADER_BYTES).catch(() => undefined)
    const header = start && parseHeader(start, 'strict')
    if (header?.ok === true) versions.set(name.value, header.value.version)
  }
  return versions
}
