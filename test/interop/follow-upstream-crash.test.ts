import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { printPublisherSecrets } from '#formats/dsig/index.ts'
import { acmeVersions } from '../support/acme-versions.ts'
import { lyingUpstream } from '../support/lying-upstream.ts'
import { run, without } from '../support/run.ts'

const skip = without('rsync')
const support = (file: string) => join(import.meta.dirname, '..', 'support', file)

/** `KILL_AT` of each step, and what need not be fetched again after it. */
const STEPS: readonly (readonly [string, readonly string[]])[] = [
  ['open .*scratch/acme-2\\.cdiff', []],
  ['rename .*scratch/acme-2\\.cdiff ', []],
  ['open .*scratch/acme-3\\.cdiff', ['acme-2.cdiff']],
  ['rename .*sets/acme/acme\\.cvd$', ['acme-2.cdiff', 'acme-3.cdiff']],
  ['mkdir .*/intake/', ['acme-2.cdiff', 'acme-3.cdiff']],
  ['copyFile .*/intake/.*/acme\\.cvd$', ['acme-2.cdiff', 'acme-3.cdiff']],
  ['rename .*/releases/', ['acme-2.cdiff', 'acme-3.cdiff']],
  ['rename .*/current$', ['acme-2.cdiff', 'acme-3.cdiff']],
  ['rm .*/intake/.*\\.work', ['acme-2.cdiff', 'acme-3.cdiff']],
  ['rm .*/sets/acme ', ['acme-2.cdiff', 'acme-3.cdiff']],
]

test('a master killed at any step of following shows one version or the other, and goes on', {
  skip,
}, async (t) => {
  const acme = await acmeVersions()
  await using base = await mkdtempDisposable(join(tmpdir(), 'cvdnet-killed-'))
  await using upstream = await lyingUpstream({ 'acme.cvd': acme.cvd(1) })
  const start = join(base.path, 'start')
  const follow = (folder: string, version: number, killAt?: string) => {
    const args = ['--import', support('kill-at.ts'), support('follow-once.ts')]
    const env = { KILL_AT: killAt ?? '^nothing$' }
    return run(process.execPath, [...args, folder, upstream.url, String(version)], { env })
  }
  await mkdir(start)
  await writeFile(join(start, 'keys'), printPublisherSecrets(acme.secrets))
  const first = await follow(start, 1)
  assert.equal(first.status, 0, first.all)
  for (const version of [2, 3]) upstream.files[`acme-${version}.cdiff`] = await acme.patch(version)
  upstream.files['acme.cvd'] = acme.cvd(3)
  const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  const good = [acme.cvd(1), acme.cvd(3)].map(hashOf)
  for (const [at, [step, kept]] of STEPS.entries()) {
    await t.test(step, async () => {
      const folder = join(base.path, `kill-${at}`)
      await cp(start, folder, { recursive: true, verbatimSymlinks: true })
      const killed = await follow(folder, 3, step)
      assert.equal(killed.status, null, killed.all)
      const current = join(folder, 'rsync1', 'current', 'acme.cvd')
      assert.ok(good.includes(hashOf(await readFile(current))))
      const asked = upstream.asked.length
      const again = await follow(folder, 3)
      assert.equal(again.status, 0, again.all)
      assert.equal(hashOf(await readFile(current)), good[1])
      const fetched = upstream.asked.slice(asked)
      assert.deepEqual(
        fetched.filter((file) => kept.includes(file)),
        [],
      )
      assert.ok(!fetched.includes('acme.cvd'), fetched.join())
      for (const left of ['scratch', 'sets']) {
        assert.deepEqual(await readdir(join(folder, 'rsync1', 'upstream', left)), [], left)
      }
      const intake = await readdir(join(folder, 'rsync1', 'intake')).catch(() => [])
      assert.deepEqual(intake, [])
    })
  }
})

test('what was fetched whole before a kill is not fetched again', { skip }, async (t) => {
  const acme = await acmeVersions()
  for (const [step, downloads] of [
    ['rename .*scratch/acme\\.cvd ', 2],
    ['mkdir .*/intake/', 1],
    ['rename .*/releases/1$', 1],
  ] as const) {
    await t.test(step, async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-killed-'))
      await using upstream = await lyingUpstream({ 'acme.cvd': acme.cvd(1) })
      await writeFile(join(folder.path, 'keys'), printPublisherSecrets(acme.secrets))
      const args = ['--import', support('kill-at.ts'), support('follow-once.ts')]
      const follow = (KILL_AT: string) =>
        run(process.execPath, [...args, folder.path, upstream.url, '1'], { env: { KILL_AT } })
      const killed = await follow(step)
      assert.equal(killed.status, null, killed.all)
      const again = await follow('^nothing$')
      assert.equal(again.status, 0, again.all)
      assert.equal(upstream.asksFor('acme.cvd'), downloads, upstream.asked.join())
    })
  }
})
