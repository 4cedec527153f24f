import assert from 'node:assert/strict'
import { copyFile, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { follower, treeOf, UPSTREAM } from '../../../test/support/follower.ts'
import {
  asText,
  contentOf,
  releaseFiles,
  saysNo,
  sync,
  synced,
} from '../../../test/support/mirror-sync.ts'
import { patchedFiles } from '../../../test/support/patched-versions.ts'
import { webProxy } from '../../../test/support/web-proxy.ts'
import { serveTree } from '../../../test/support/web-tree.ts'

test('a mirror that nobody can call pulls from others by HTTP, and again only what is new', async () => {
  await using world = await follower()
  const { it, web } = world
  await it.publish(1, releaseFiles(it, 1))
  const one = await synced(it, UPSTREAM)
  assert.deepEqual([one.serial, one.changed], [1, true])
  assert.deepEqual(await contentOf(it.docroot), asText(releaseFiles(it, 1)))
  // Whoever reads from this mirror finds the chain of trust, too.
  assert.deepEqual(await readdir(join(it.docroot, 'tuf')), await readdir(join(treeOf(it), 'tuf')))
  web.asked.length = 0
  const again = await synced(it, UPSTREAM)
  assert.deepEqual([again.serial, again.changed], [1, false])
  assert.deepEqual(web.asked, ['tuf/timestamp.json'])
  await it.publish(2, releaseFiles(it, 2))
  const two = await synced(it, UPSTREAM)
  assert.deepEqual([two.serial, two.changed], [2, true])
  assert.deepEqual(await contentOf(it.docroot), asText(releaseFiles(it, 2)))
  assert.ok(web.asked.includes('daily.cvd'))
  assert.ok(!web.asked.includes('main.cvd'), 'what is here already does not travel')
  assert.deepEqual(await readdir(join(it.state, 'downloads')), [])
})

test('a large database is made of the version here and its patch', async () => {
  await using world = await follower()
  const { it, web } = world
  await it.publish(1, await patchedFiles(it, 1, { lines: 20_000, patches: 1 }))
  await synced(it, UPSTREAM)
  const files = await patchedFiles(it, 2, { lines: 20_000, patches: 1 })
  await it.publish(2, files)
  web.asked.length = 0
  const { rebuilds } = await synced(it, UPSTREAM)
  assert.deepEqual(rebuilds[0]?.end, { kind: 'rebuilt', from: 1, patches: 1 })
  assert.deepEqual(await contentOf(it.docroot), asText(files))
  assert.ok(web.asked.includes('daily-2.cdiff'))
  assert.ok(!web.asked.includes('daily.cvd'))
})

test('without RSYNC_USER, upstream is all that can be pulled from', async () => {
  await using world = await follower()
  const { it, web } = world
  await it.publish(1, releaseFiles(it, 1))
  const lines = [`TO='${it.docroot}'`, `STATE='${it.state}'`, `UPSTREAM='${web.url}/'`]
  const more = ['TUF_ROOT', 'PUBLISHER_KEYS'].map((key, at) => {
    return `${key}='${[join(it.dir, 'master/keys/root.json'), join(it.home, 'etc/acme.json')][at]}'`
  })
  await writeFile(it.conf, [...lines, ...more, ''].join('\n'))
  await synced(it, UPSTREAM)
  await saysNo(it, 'failed', /without RSYNC_USER and RSYNC_PASSWORD/, { master: '127.0.0.1' })
  await saysNo(it, 'unknown-master', /MASTERS has upstream/, { master: 'no such' })
})

test('of several the newest is believed, and the others are asked for what it has not', async () => {
  await using world = await follower(2)
  const { it, web, other } = world
  await it.publish(1, releaseFiles(it, 1))
  await synced(it, UPSTREAM)
  await it.publish(2, releaseFiles(it, 2))
  await using stale = await serveTree(join(it.dir, 'master/1'))
  await world.follow([stale.url, web.url, other.url])
  web.instead = (path) => (path === 'daily.cvd' ? { status: 404 } : undefined)
  const { serial } = await synced(it, UPSTREAM)
  assert.equal(serial, 2)
  assert.ok(other.asked.includes('daily.cvd'))
  assert.deepEqual(await contentOf(it.docroot), asText(releaseFiles(it, 2)))
})

test('a mirror that lies or is broken is told by name, and another one has the file', async () => {
  await using world = await follower(2)
  const { it, web } = world
  await it.publish(1, releaseFiles(it, 1))
  web.instead = (path) => {
    if (path === 'daily.cvd') return Buffer.from('<html>Log in to this network</html>')
    return path === 'main.cvd' ? { cutAfter: 5 } : undefined
  }
  const { end, said } = await sync(it, UPSTREAM)
  assert.equal(end.kind, 'done')
  assert.match(said, /127\.0\.0\.1:\d+: daily\.cvd: it is not what the manifest lists/)
  assert.deepEqual(await contentOf(it.docroot), asText(releaseFiles(it, 1)))
})

test('a file that nobody has as it is listed is a refusal; what came does not travel again', async () => {
  await using world = await follower()
  const { it, web } = world
  await it.publish(1, releaseFiles(it, 1))
  await synced(it, UPSTREAM)
  await it.publish(2, releaseFiles(it, 2))
  web.instead = (path) => (path === 'timestamp' ? Buffer.from('generation 3\n') : undefined)
  await saysNo(it, 'refused', /timestamp is not what the manifest says/, UPSTREAM)
  web.instead = () => undefined
  web.asked.length = 0
  await synced(it, UPSTREAM)
  assert.ok(!web.asked.includes('daily.cvd'), 'it is here from the time before')
  assert.deepEqual(await contentOf(it.docroot), asText(releaseFiles(it, 2)))
})

test('a download that breaks off goes on with the next sync', async () => {
  await using world = await follower()
  const { it, web } = world
  await it.publish(1, releaseFiles(it, 1))
  await synced(it, UPSTREAM)
  await it.publish(2, { ...releaseFiles(it, 2), 'large.ndb': 'x'.repeat(300_000) })
  web.instead = (path) => (path === 'large.ndb' ? { cutAfter: 10_000 } : undefined)
  await saysNo(it, 'failed', /large\.ndb: the connection broke off/, UPSTREAM)
  web.instead = () => undefined
  web.asked.length = 0
  await synced(it, UPSTREAM)
  assert.ok(
    web.asked.some((path) => /^large\.ndb from [1-9]/.test(path)),
    web.asked.join(),
  )
})

test('of a release that nobody offers any more no part is kept', async () => {
  await using world = await follower()
  const { it, web } = world
  await it.publish(1, { ...releaseFiles(it, 1), 'large.ndb': 'x'.repeat(300_000) })
  web.instead = (path) => (path === 'large.ndb' ? { cutAfter: 10_000 } : undefined)
  assert.equal((await sync(it, UPSTREAM)).end.kind, 'failed')
  assert.notDeepEqual(await readdir(join(it.state, 'downloads')), [])
  await it.publish(2, releaseFiles(it, 2))
  await synced(it, UPSTREAM)
  assert.deepEqual(await readdir(join(it.state, 'downloads')), [])
})

test('a mirror that switches between two questions is asked once more', async () => {
  await using world = await follower()
  const { it, web } = world
  await it.publish(1, releaseFiles(it, 1))
  await it.publish(2, releaseFiles(it, 2))
  await it.show(1)
  let isSwitched = false
  web.instead = (path) => {
    if (path !== 'tuf/targets.json' || isSwitched) return undefined
    isSwitched = true
    queueMicrotask(() => it.show(2))
    return undefined
  }
  const { serial } = await synced(it, UPSTREAM)
  assert.equal(serial, 2)
  assert.deepEqual(await contentOf(it.docroot), asText(releaseFiles(it, 2)))
})

test('through a proxy that wants a login, which is told to nobody', async () => {
  await using world = await follower()
  const { it, web } = world
  await using proxy = await webProxy('office:it%s')
  await it.publish(1, releaseFiles(it, 1))
  const at = (login: string) => `http://${login}@127.0.0.1:${proxy.port}`
  await it.writeConf({ UPSTREAM: web.url, PROXY: at('office:it%25s') })
  const { end, said, complained } = await sync(it, UPSTREAM)
  assert.equal(end.kind, 'done', complained)
  assert.ok(proxy.asked.length > 10)
  assert.doesNotMatch(said, /it%/)
  await it.publish(2, releaseFiles(it, 2))
  await it.writeConf({ UPSTREAM: web.url, PROXY: at('office:wrong') })
  await saysNo(it, 'failed', /the proxy refuses the login/, UPSTREAM)
})

test('a served file that is gone or was changed is fetched, and one with another inode is not', async () => {
  await using world = await follower()
  const { it, web } = world
  await it.publish(1, { ...releaseFiles(it, 1), 'one.ndb': 'one\n', 'two.ndb': 'two\n' })
  await synced(it, UPSTREAM)
  const tree = join(it.state, 'trees/1')
  await rm(join(tree, 'one.ndb'))
  await writeFile(join(tree, 'two.ndb'), 'TWO\n')
  await copyFile(join(tree, 'main.cvd'), join(it.dir, 'copy'))
  await rename(join(it.dir, 'copy'), join(tree, 'main.cvd'))
  const after = { ...releaseFiles(it, 2), 'one.ndb': 'one\n', 'two.ndb': 'two\n' }
  await it.publish(2, after)
  web.asked.length = 0
  await synced(it, UPSTREAM)
  assert.deepEqual(await contentOf(it.docroot), asText(after))
  assert.deepEqual(
    ['one.ndb', 'two.ndb', 'main.cvd'].map((path) => web.asked.includes(path)),
    [true, true, false],
  )
})

test('what stands in the staging folder in the place of a listed file does not keep it out', async () => {
  await using world = await follower()
  const { it } = world
  await it.publish(1, releaseFiles(it, 1))
  const incoming = join(it.state, 'incoming')
  await mkdir(join(incoming, 'daily.cvd/x'), { recursive: true })
  await writeFile(join(incoming, 'daily.cvd/x/y'), '')
  await writeFile(join(incoming, 'database'), 'a file where a folder belongs')
  await symlink('/etc/passwd', join(incoming, 'main.cvd'))
  await synced(it, UPSTREAM)
  assert.deepEqual(await contentOf(it.docroot), asText(releaseFiles(it, 1)))
})
