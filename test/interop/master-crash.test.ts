import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdtempDisposable, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ReleaseFolder } from '#adapters/disk/index.ts'
import { TEST_SECRETS } from '#formats/dsig/test-secrets.ts'
import { writeOwnDatabase } from '../support/own-database.ts'
import { plainSigner, publishInto, publishRelease } from '../support/publish-release.ts'
import { releaseSet } from '../support/release-set.ts'

const support = (file: string) => join(import.meta.dirname, '..', 'support', file)
const CHILD = support('publish-release.ts')

/** Every file of the public tree is what its own manifest says, and nothing else is there. */
async function assertWhole(folder: string): Promise<number> {
  const tree = join(folder, 'current')
  const manifest = JSON.parse(await readFile(join(tree, 'manifest.json'), 'utf8'))
  for (const { path, sha256 } of manifest.files) {
    const bytes = await readFile(join(tree, path))
    assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256, path)
  }
  const entries = await readdir(tree, { recursive: true, withFileTypes: true })
  assert.equal(entries.filter((entry) => entry.isFile()).length, manifest.files.length + 1)
  return manifest.serial
}

// field-notes 5: kill the publisher between any two steps; promise 3.
test('a master killed at any step shows the old release or the new one, and heals', async () => {
  await using base = await mkdtempDisposable(join(tmpdir(), 'cvdnet-crash-'))
  const start = join(base.path, 'start')
  for (const n of [1, 2, 3]) await publishRelease(start, n)
  const steps: string[] = []
  const whole = join(base.path, 'whole')
  await cp(start, whole, { recursive: true, verbatimSymlinks: true })
  await publishRelease(whole, 4, (step) => steps.push(step))
  assert.ok(steps.length >= 9, steps.join())
  const seen = new Set<number>()
  for (const [at, step] of steps.entries()) {
    const folder = join(base.path, `kill-${at}`)
    await cp(start, folder, { recursive: true, verbatimSymlinks: true })
    const end = spawnSync(process.execPath, [CHILD, folder, '4', String(at)])
    assert.equal(end.signal, 'SIGKILL', `${step}: ${end.stderr}`)
    const serial = await assertWhole(folder)
    assert.equal(serial, step === 'current switched' || step === 'old releases swept' ? 4 : 3, step)
    seen.add(serial)
    const reopened = await ReleaseFolder.open({ folder, signer: plainSigner, kept: 3 })
    assert.equal(reopened.published?.release.serial, serial)
    await reopened.settle(undefined)
    const left = [
      ...(await readdir(join(folder, 'releases'))),
      ...(await readdir(join(folder, 'trees'))),
    ]
    assert.deepEqual(
      left.filter((name) => name.startsWith('.') || Number(name) > serial),
      [],
      step,
    )
    if (serial === 3) await publishRelease(folder, 4)
    assert.equal(await assertWhole(folder), 4, `after ${step}`)
  }
  assert.deepEqual([...seen].sort(), [3, 4])
})

test('a release never goes back, neither by serial nor by generation', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-back-'))
  await publishRelease(folder.path, 4)
  await assert.rejects(publishRelease(folder.path, 3), /Cannot publish serial 3/)
  await assert.rejects(publishRelease(folder.path, 4), /generation 4 over/)
  assert.equal(await assertWhole(folder.path), 4)
})

async function upload(folder: string, name: string, version: number, lines: number) {
  const ndb = Array.from({ length: lines }, (_, at) => `A-${at}:0:*:cafe${at + 1000}\n`).join('')
  const how = { name, version, members: { ndb } }
  await writeOwnDatabase(join(folder, 'upload', `${name}.cvd`), TEST_SECRETS, how)
}

// A patch and the databases of 2003 are made on the way: nothing half-made is public, and nothing stays lying about.
test('a master killed anywhere between trigger and journal shows all of a release or nothing, and heals', async () => {
  await using base = await mkdtempDisposable(join(tmpdir(), 'cvdnet-crash-'))
  const start = join(base.path, 'start')
  await upload(start, 'main', 1, 20)
  await upload(start, 'daily', 1, 10)
  assert.equal((await releaseSet(start)).kind, 'published')
  await upload(start, 'daily', 2, 12)
  const events: string[] = []
  const copy = async (name: string) => {
    const folder = join(base.path, name)
    await cp(start, folder, { recursive: true, verbatimSymlinks: true })
    return folder
  }
  await releaseSet(await copy('whole'), (event) => events.push(event))
  assert.ok(
    events.some((event) => /daily-2\.cdiff: made here/.test(event)),
    events.join(),
  )
  assert.ok(events.includes('release has database/viruses.db2'), events.join())
  const switched = events.indexOf('current switched')
  for (const [at, event] of events.entries()) {
    // Between files that are linked nothing else happens.
    if (/^release has (?!daily-2)/.test(event)) continue
    const folder = await copy(`kill-${at}`)
    const end = spawnSync(process.execPath, [support('release-set.ts'), folder, String(at)])
    assert.equal(end.signal, 'SIGKILL', `${event}: ${end.stderr}`)
    const state = join(folder, 'state')
    assert.equal(await assertWhole(state), at >= switched ? 2 : 1, event)
    const again = await releaseSet(folder)
    assert.equal(again.kind, at >= switched ? 'already-published' : 'published', event)
    assert.equal(await assertWhole(state), 2, event)
    const paths = await readdir(join(state, 'current'), { recursive: true })
    assert.ok(paths.includes('daily-2.cdiff') && paths.includes('database/viruses2.md5'), event)
    for (const left of ['state/intake', 'upload']) {
      assert.deepEqual(await readdir(join(folder, left)), [], `${left} after ${event}`)
    }
  }
})

// field-notes 5: disk full during publish. The process lives on and tries the same numbers again.
test('a publication that failed half-way can be tried again by the same process', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-again-'))
  await publishRelease(folder.path, 1)
  const steps: string[] = []
  await using whole = await mkdtempDisposable(join(tmpdir(), 'cvdnet-steps-'))
  await publishRelease(whole.path, 2, (step) => steps.push(step))
  const before = steps.slice(0, steps.indexOf('current switched'))
  assert.ok(before.includes('release in place') && before.includes('tree in place'))
  const failing = { at: '' }
  const releases = await ReleaseFolder.open({
    folder: folder.path,
    signer: plainSigner,
    kept: 3,
    onStep: (step) => {
      if (step === failing.at) throw new Error('no space left on device')
    },
  })
  for (const at of before) {
    failing.at = at
    await assert.rejects(publishInto(releases, folder.path, 2), /no space left/, at)
    assert.equal(await assertWhole(folder.path), 1, at)
  }
  failing.at = ''
  await publishInto(releases, folder.path, 2)
  assert.equal(await assertWhole(folder.path), 2)
})
