import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeNetworkKeys, TufSigner, TufVerifier } from '#adapters/tuf/index.ts'
import { epochMs } from '#base/time.ts'
import { follower, UPSTREAM } from '../../../test/support/follower.ts'
import { contentOf, releaseFiles, saysNo, synced } from '../../../test/support/mirror-sync.ts'
import type { MirrorWorld } from '../../../test/support/mirror-world.ts'
import { mountSmall } from '../../../test/support/small-disk.ts'
import { aGeneration, aSerial } from '../../../test/support/values.ts'

const DAY_MS = 24 * 3_600_000

test('an older tree, a stranger’s, a stale one and none are refused', async () => {
  await using world = await follower()
  const { it, web } = world
  await it.publish(1, releaseFiles(it, 1))
  await it.publish(2, releaseFiles(it, 2))
  await synced(it, UPSTREAM)
  await it.show(1)
  await saysNo(it, 'refused', /the manifest is not trusted/, UPSTREAM)
  await it.publish(3, releaseFiles(it, 3), { spoil: (tree) => signByStranger(it, tree) })
  await saysNo(it, 'refused', /the manifest is not trusted/, UPSTREAM)
  await it.publish(3, releaseFiles(it, 3), { signedAt: Date.now() - 3 * DAY_MS })
  await saysNo(it, 'refused', /the manifest is not trusted.*expired/, UPSTREAM)
  web.instead = () => Buffer.from('<html>Log in to this network</html>')
  await saysNo(it, 'refused', /the manifest is not trusted/, UPSTREAM)
})

test('who shows for days what is here already is not believed that nothing is new', async () => {
  await using world = await follower()
  const { it } = world
  await it.publish(1, releaseFiles(it, 1))
  await synced(it, UPSTREAM)
  let now = Date.now()
  const [folder, rootFile] = [join(it.state, 'tuf'), join(it.dir, 'master/keys/root.json')]
  const manifests = new TufVerifier({ folder, rootFile, now: () => epochMs(now) })
  await synced(it, { ...UPSTREAM, manifests })
  now += 3 * DAY_MS
  await saysNo(it, 'refused', /the manifest is not trusted.*expired/, { ...UPSTREAM, manifests })
})

test('nobody there, forbidden and asked to wait: the sync has failed, and nothing is lost', async () => {
  await using world = await follower()
  const { it, web } = world
  await it.publish(1, releaseFiles(it, 1))
  await synced(it, UPSTREAM)
  for (const [instead, words] of [
    [{ status: 403 }, /status 403/],
    [{ status: 404 }, /no server has tuf\/timestamp\.json/],
    [{ status: 503 }, /status 503/],
    [{ status: 429, retryAfter: 600 }, /left alone for 600 seconds/],
  ] as const) {
    web.instead = () => instead
    await saysNo(it, 'failed', words, UPSTREAM)
  }
  await world.follow(['http://who:pass%20word@127.0.0.1:1/'])
  await saysNo(it, 'failed', /127\.0\.0\.1:1/, UPSTREAM)
})

test('what the operator hides is not asked for, and names that are nobody’s to publish are refused', async () => {
  await using world = await follower()
  const { it, web } = world
  await it.publish(1, releaseFiles(it, 1))
  await it.writeConf({ UPSTREAM: web.url, EXCLUDE: '--exclude *.ndb' })
  await synced(it, UPSTREAM)
  assert.ok(!web.asked.includes('phish.ndb'))
  assert.equal((await contentOf(it.docroot))['phish.ndb'], undefined)
  await it.publish(2, { ...releaseFiles(it, 2), local_logo: 'theirs' })
  await saysNo(it, 'refused', /"local_logo", a name that is not the network's/, UPSTREAM)
  assert.ok(!web.asked.includes('local_logo'))
})

test('a full disk under the state is told, and what came is not left on it', async (context) => {
  await using world = await follower()
  const { it } = world
  await mkdir(it.state)
  using disk = mountSmall(it.state, '1m')
  if (disk === undefined) return context.skip('needs the right to mount a small file system')
  await it.publish(1, releaseFiles(it, 1))
  await synced(it, UPSTREAM)
  const large = { 'one.ndb': 'x'.repeat(600_000), 'two.ndb': 'y'.repeat(600_000) }
  await it.publish(2, { ...releaseFiles(it, 2), ...large })
  await saysNo(it, 'failed', /no space left on the disk|ENOSPC/, UPSTREAM)
  const left = await readdir(it.state, { recursive: true })
  assert.deepEqual(
    left.filter((path) => /^(?:incoming|downloads)\//.test(path)),
    [],
  )
  await it.publish(3, { ...releaseFiles(it, 3), 'three.ndb': 'z'.repeat(400_000) })
  assert.equal((await synced(it, UPSTREAM)).generation, 3)
})

/** Another network's signatures over the same files. */
async function signByStranger(it: MirrorWorld, tree: string): Promise<void> {
  const keys = join(it.dir, 'stranger')
  await rm(keys, { recursive: true, force: true })
  await mkdir(keys)
  await makeNetworkKeys(keys, epochMs(Date.now()))
  const signer = await TufSigner.load(keys)
  const sha256 = createHash('sha256').update('x').digest('hex')
  const files = new Map([['x', { path: 'x', bytes: 1, sha256 }]])
  const numbers = { serial: aSerial(3), generation: aGeneration(3) }
  await signer.sign(tree, { ...numbers, files }, epochMs(Date.now()))
}
