/** A mirror that is killed anywhere shows old or new files in the right order, and the next run puts it right. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { asText, contentOf, releaseFiles, synced } from '../support/mirror-sync.ts'
import { type Files, type MirrorWorld, mirrorWorld } from '../support/mirror-world.ts'
import { patchedFiles } from '../support/patched-versions.ts'
import { serveTree } from '../support/web-tree.ts'

const SCRIPT = join(import.meta.dirname, '../support/sync-until.ts')

interface Ran {
  readonly killed: boolean
  readonly steps: readonly string[]
}

/** Databases of any size are made again, where there are patches. */
const REBUILD_BYTES_MIN = 1

async function syncUntil(it: MirrorWorld, step: number | 'end', from = 'rsync1'): Promise<Ran> {
  const until = step === 'end' ? '' : String(step)
  const args = [SCRIPT, it.conf, it.home, until, String(REBUILD_BYTES_MIN), from]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  await ended
  if (child.signalCode === 'SIGKILL') return { killed: true, steps: [] }
  const told: unknown = JSON.parse(stdout || '{}')
  assert.ok(typeof told === 'object' && told !== null && 'steps' in told, stderr)
  assert.ok(Array.isArray(told.steps))
  return { killed: false, steps: told.steps.map(String) }
}

/** Every shown file is whole, old or new; and who sees the new timestamp sees all of the new release. */
async function assertBearable(it: MirrorWorld, before: Files, after: Files): Promise<void> {
  const shown = await contentOf(it.docroot)
  const [old, fresh] = [asText(before), asText(after)]
  for (const [path, content] of Object.entries(shown)) {
    if (path.startsWith('local_') || path.endsWith('.tmp')) continue
    assert.ok(content === old[path] || content === fresh[path], `${path} is neither old nor new`)
  }
  if (shown['timestamp'] !== fresh['timestamp']) {
    for (const path of Object.keys(old)) assert.ok(shown[path], `${path} went too early`)
    return
  }
  for (const [path, content] of Object.entries(fresh)) assert.equal(shown[path], content)
}

async function servedTree(it: MirrorWorld): Promise<unknown> {
  return await contentOf(join(it.state, 'current')).catch(() => ({}))
}

async function assertPutRight(it: MirrorWorld, files: Files, master?: string): Promise<void> {
  await synced(it, { rebuildBytesMin: REBUILD_BYTES_MIN, ...(master && { master }) })
  assert.deepEqual(await contentOf(it.docroot), { ...asText(files), 'local_logo.png': 'logo' })
  assert.deepEqual(await servedTree(it), asText(files))
  const left = await readdir(it.state, { recursive: true })
  assert.deepEqual(
    left.filter((name) => /incoming|\.tmp$|next-|^rebuild|^downloads./.test(name)),
    [],
  )
  assert.deepEqual(await readdir(join(it.state, 'pending')), [])
}

async function killAtEveryStep(
  it: MirrorWorld,
  before: Files,
  after: Files,
  reset: () => Promise<void>,
  alsoSteps: readonly string[] = [],
): Promise<void> {
  await reset()
  const { steps } = await syncUntil(it, 'end')
  assert.ok(steps.length > 12, steps.join())
  const usual = ['pulled', 'verified', 'recorded', 'adopted', 'switched', 'put:timestamp']
  for (const name of [...usual, ...alsoSteps]) {
    assert.ok(steps.includes(name), `${name} is among ${steps.join()}`)
  }
  for (let step = 0; step <= steps.length; step++) {
    await reset()
    assert.ok((await syncUntil(it, step)).killed, `it dies at step ${step}`)
    await assertBearable(it, before, after)
    const served = await servedTree(it)
    const whole = [asText(before), asText(after)].some((files) => {
      return (
        JSON.stringify(Object.entries(files).sort()) ===
        JSON.stringify(Object.entries(served ?? {}).sort())
      )
    })
    assert.ok(whole, `what our server shows is one release after step ${steps[step - 1]}`)
    await assertPutRight(it, after)
  }
}

/** What it is, the two releases, and steps that it has to have. */
const UPDATES: readonly (readonly [
  string,
  (it: MirrorWorld) => Promise<readonly [Files, Files]>,
  readonly string[],
])[] = [
  ['with whole files', async (it) => [releaseFiles(it, 1), releaseFiles(it, 2)], []],
  [
    'with a rebuild',
    async (it) => [await withPatch(it, 1), await withPatch(it, 2)],
    ['rebuilt:daily.cvd', 'staged:daily.cvd', 'linked:main.cvd'],
  ],
  [
    'with a second pull, since a rebuild cannot be',
    async (it) => {
      const { 'daily.cvd.header': _none, ...after } = await withPatch(it, 2)
      return [await withPatch(it, 1), after]
    },
    ['linked:main.cvd'],
  ],
]

async function withPatch(it: MirrorWorld, n: number): Promise<Files> {
  const patched = await patchedFiles(it, n, { lines: 200, patches: 1 })
  return { ...releaseFiles(it, n), 'main-1.cdiff': 'the main one is patched, too', ...patched }
}

for (const [how, files, steps] of UPDATES) {
  test(`killed at every step of an update ${how}`, () => killedUpdate(files, steps))
}

async function killedUpdate(
  files: (it: MirrorWorld) => Promise<readonly [Files, Files]>,
  steps: readonly string[],
): Promise<void> {
  await using it = await mirrorWorld()
  const [before, after] = await files(it)
  await mkdir(it.docroot)
  await writeFile(join(it.docroot, 'local_logo.png'), 'logo')
  await it.publish(1, before)
  await synced(it)
  await it.publish(2, after)
  // Copies have other inodes than the records say, so each of these runs looks at every file again, too.
  for (const name of ['state', 'htdocs']) {
    spawnSync('cp', ['-a', join(it.dir, name), join(it.dir, `${name}.before`)])
  }
  await killAtEveryStep(
    it,
    before,
    after,
    async () => {
      for (const name of ['state', 'htdocs']) {
        await rm(join(it.dir, name), { recursive: true, force: true })
        spawnSync('cp', ['-a', join(it.dir, `${name}.before`), join(it.dir, name)])
      }
    },
    steps,
  )
}

test('killed while a thread makes a database, which the next run does again', async () => {
  await using it = await mirrorWorld()
  const much = { lines: 40_000, patches: 1 }
  const [before, after] = [await patchedFiles(it, 1, much), await patchedFiles(it, 2, much)]
  await it.publish(1, before)
  await synced(it)
  await it.publish(2, after)
  const child = spawn(process.execPath, [SCRIPT, it.conf, it.home, ''], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const making = join(it.state, 'rebuild')
  const deadline = Date.now() + 60_000
  // Its scratch folder has something in it: it unpacks, patches or packs.
  while ((await readdir(making).catch(() => [])).length === 0) {
    assert.ok(Date.now() < deadline && child.exitCode === null, 'the thread works')
    await setTimeout(5)
  }
  child.kill('SIGKILL')
  await ended
  assert.deepEqual(await contentOf(it.docroot), asText(before))
  assert.ok((await readdir(making)).length > 0, 'it was in the middle of it')
  const end = await synced(it)
  assert.equal(end.rebuilds[0]?.end.kind, 'rebuilt')
  assert.deepEqual(await contentOf(it.docroot), asText(after))
  assert.ok(!(await readdir(it.state)).includes('rebuild'))
})

test('killed at every step of the first sync', async () => {
  await using it = await mirrorWorld()
  const after = releaseFiles(it, 2)
  await it.publish(2, after)
  await killAtEveryStep(it, {}, after, async () => {
    await rm(it.state, { recursive: true, force: true })
    await rm(it.docroot, { recursive: true, force: true })
    await mkdir(it.docroot)
    await writeFile(join(it.docroot, 'local_logo.png'), 'logo')
  })
})

test('what a killed run fetched is not fetched again', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, { ...releaseFiles(it, 1), 'big.ndb': 'x'.repeat(100_000) })
  const { steps } = await syncUntil(it, 'end')
  await rm(it.state, { recursive: true })
  assert.ok((await syncUntil(it, steps.indexOf('adopted') + 1)).killed)
  const said: string[] = []
  const { syncOnce } = await import('#roles/mirror/index.ts')
  await syncOnce({
    confFile: it.conf,
    home: it.home,
    master: 'rsync1',
    voice: { print: (line) => said.push(line), complain: (line) => said.push(line) },
    signal: AbortSignal.timeout(60_000),
  })
  assert.deepEqual(
    said.filter((line) => line.startsWith('  ')),
    [],
  )
  assert.equal(await readFile(join(it.docroot, 'timestamp'), 'utf8'), 'generation 1\n')
})

test('killed at every step of a pull by HTTP, up to where every pull goes the same way', async () => {
  await using it = await mirrorWorld()
  await using web = await serveTree(join(it.dir, 'master/current'))
  await it.writeConf({ UPSTREAM: web.url })
  const [before, after] = [await withPatch(it, 1), await withPatch(it, 2)]
  await mkdir(it.docroot)
  await writeFile(join(it.docroot, 'local_logo.png'), 'logo')
  await it.publish(1, before)
  await synced(it, { master: 'upstream' })
  await it.publish(2, after)
  for (const name of ['state', 'htdocs']) {
    spawnSync('cp', ['-a', join(it.dir, name), join(it.dir, `${name}.before`)])
  }
  const reset = async () => {
    for (const name of ['state', 'htdocs']) {
      await rm(join(it.dir, name), { recursive: true, force: true })
      spawnSync('cp', ['-a', join(it.dir, `${name}.before`), join(it.dir, name)])
    }
  }
  await reset()
  const { steps } = await syncUntil(it, 'end', 'upstream')
  for (const name of ['manifest', 'brought:daily-2.cdiff', 'rebuilt:daily.cvd', 'pulled']) {
    assert.ok(steps.includes(name), `${name} is among ${steps.join()}`)
  }
  for (let step = 1; step <= steps.indexOf('adopted') + 1; step++) {
    await reset()
    assert.ok((await syncUntil(it, step, 'upstream')).killed, `it dies at step ${step}`)
    assert.deepEqual(await servedTree(it), asText(before), `after step ${steps[step - 1]}`)
    await assertPutRight(it, after, 'upstream')
  }
})
