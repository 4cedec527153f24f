/** What the tests of a mirror do and look at. */
import assert from 'node:assert/strict'
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type SyncEnd, type SyncOptions, syncOnce } from '#roles/mirror/index.ts'
import type { Files, MirrorWorld } from './mirror-world.ts'

const signal = AbortSignal.timeout(240_000)

export interface Told {
  readonly end: SyncEnd
  readonly said: string
  readonly complained: string
}

export async function sync(
  it: MirrorWorld,
  options: Partial<SyncOptions> & { readonly master?: string } = {},
): Promise<Told> {
  const [said, complained]: [string[], string[]] = [[], []]
  const end = await syncOnce({
    confFile: it.conf,
    home: it.home,
    master: 'rsync1',
    ...options,
    voice: { print: (line) => said.push(line), complain: (line) => complained.push(line) },
    signal,
  })
  return { end, said: said.join('\n'), complained: complained.join('\n') }
}

/** A sync that has to succeed. */
export async function synced(
  it: MirrorWorld,
  options: Parameters<typeof sync>[1] = {},
): Promise<Extract<SyncEnd, { kind: 'done' }>> {
  const { end, complained } = await sync(it, options)
  assert.ok(end.kind === 'done', complained)
  return end
}

/** Release N: `daily` is new each time, `phish.ndb` every other time, `main` never. */
export function releaseFiles(it: MirrorWorld, n: number): Files {
  return {
    'daily.cvd': it.cvd('daily', n),
    'main.cvd': it.cvd('main', 1),
    [`daily-${n}.cdiff`]: `patch to ${n}`,
    'phish.ndb': `phish ${Math.ceil(n / 2)}\n`,
    'database/viruses.db': `virus=${n}${n}\n`,
    'index.html': '<p>mirror</p>',
    timestamp: `generation ${n}\n`,
  }
}

/** What is there, but for the network's signed metadata. */
export async function contentOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    const path = file.slice(folder.length + 1)
    if (entry.isFile() && !path.startsWith('tuf/')) found[path] = await readFile(file, 'latin1')
  }
  return found
}

export function asText(files: Files): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(files).map(([path, content]) => [path, Buffer.from(content).toString('latin1')]),
  )
}

export async function secondsOf(file: string): Promise<number> {
  return (await stat(file)).mtimeMs / 1000
}

/** A sync that has to say no for this reason, and to leave everything that is public as it is. */
export async function saysNo(
  it: MirrorWorld,
  kind: SyncEnd['kind'],
  words: RegExp,
  options: Parameters<typeof sync>[1] = {},
): Promise<void> {
  const current = join(it.state, 'current')
  const [shown, served] = [await contentOf(it.docroot), await readlink(current)]
  const { end, complained } = await sync(it, options)
  assert.equal(end.kind, kind, complained)
  assert.match(complained, words)
  assert.doesNotMatch(complained, /pass word/)
  assert.deepEqual(await contentOf(it.docroot), shown)
  assert.equal(await readlink(current), served)
}
