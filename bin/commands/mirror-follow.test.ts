import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeNetworkKeys } from '#adapters/tuf/index.ts'
import { epochMs } from '#base/time.ts'
import { asText, contentOf, releaseFiles } from '../../test/support/mirror-sync.ts'
import { type MirrorWorld, mirrorWorld } from '../../test/support/mirror-world.ts'
import { run } from '../../test/support/run.ts'
import { serveTree } from '../../test/support/web-tree.ts'

const PROGRAM = join(import.meta.dirname, '..', 'cvdnet.ts')
const cvdnet = (...args: readonly string[]) => run(process.execPath, [PROGRAM, ...args])

/** A network with one release, one of its mirrors, and a folder for a mirror of one's own. */
async function network() {
  await using stack = new AsyncDisposableStack()
  const it = stack.use(await mirrorWorld())
  await it.publish(1, releaseFiles(it, 1))
  const web = stack.use(await serveTree(join(it.dir, 'master/current')))
  const root = await readFile(join(it.dir, 'master/keys/root.json'))
  const fingerprint = createHash('sha256').update(root).digest('hex')
  const here = join(it.dir, 'own')
  const keys = join(it.home, 'etc/acme.json')
  const follow = (...args: readonly string[]) =>
    cvdnet(
      ...['mirror', 'follow', web.url, '--here', here, '--zone', 'clamav.test'],
      ...['--keys', keys, '--name', 'office', ...args],
    )
  const owned = stack.move()
  const rest = { [Symbol.asyncDispose]: () => owned.disposeAsync() }
  return { it, web, fingerprint, here, follow, ...rest }
}

test('one command sets up a mirror of one’s own, and the next fills it', async () => {
  await using world = await network()
  const { it, here, fingerprint } = world
  const first = await world.follow('--fingerprint', fingerprint.toUpperCase())
  assert.equal(first.status, 0, first.all)
  assert.match(first.out, /; release 1: 7 files, 0.1 MB/)
  assert.doesNotMatch(first.out, /NOT COMPARED/)
  const conf = join(here, 'etc/clam-clientsync.conf')
  assert.equal((await stat(conf)).mode & 0o777, 0o600)
  const pulled = await cvdnet('clientsync', 'upstream', '--conf', conf)
  assert.equal(pulled.status, 0, pulled.all)
  assert.deepEqual(await contentOf(join(here, 'htdocs')), asText(releaseFiles(it, 1)))
  const again = await world.follow()
  assert.equal(again.status, 0, again.all)
  assert.doesNotMatch(again.out, /wrote|renewed|made|NOT COMPARED/)
})

test('what the operator changed stays, and other mirrors may be followed', async () => {
  await using world = await network()
  const { it, here } = world
  const set = await world.follow()
  assert.match(set.out, /\(NOT COMPARED\)\nCompare this/)
  const conf = join(here, 'etc/clam-clientsync.conf')
  const settings = join(here, 'etc/cvdnet.toml')
  await writeFile(conf, `${await readFile(conf, 'utf8')}EXCLUDE='--exclude *.ndb'\n`)
  await writeFile(settings, `${await readFile(settings, 'utf8')}speeds = "clamav-advice"\n`)
  await using other = await serveTree(join(it.dir, 'master/current'))
  const args = ['--here', here, '--zone', 'clamav.test', '--name', 'office']
  const moved = await cvdnet('mirror', 'follow', other.url, world.web.url, ...args)
  assert.equal(moved.status, 0, moved.all)
  const text = await readFile(conf, 'utf8')
  assert.match(text, /EXCLUDE='--exclude \*\.ndb'/)
  assert.match(text, /acme\.json/, 'the publisher is known from the first time')
  assert.ok(text.includes(`UPSTREAM='${other.url} ${world.web.url}'`), text)
  assert.match(await readFile(settings, 'utf8'), /clamav-advice/)
})

test('another root, no manifest, nobody there: nothing is written', async () => {
  await using world = await network()
  const { it, web, here } = world
  const nothing = async () =>
    assert.equal((await readdir(here).catch(() => [])).length, 0, 'nothing is there')
  const wrong = await world.follow('--fingerprint', '0'.repeat(64))
  assert.equal(wrong.status, 1, wrong.all)
  assert.match(wrong.err, /has the fingerprint [0-9a-f]{64}, not 0{64}/)
  await nothing()
  const foreign = await world.follow('--root', await strangersRoot(it))
  assert.equal(foreign.status, 1, foreign.all)
  assert.match(foreign.err, /the signed manifest/)
  await nothing()
  web.instead = () => Buffer.from('<html>Log in to this network</html>')
  const portal = await world.follow()
  assert.equal(portal.status, 1, portal.all)
  assert.match(portal.err, /it is no root of a network/)
  web.instead = () => ({ status: 404 })
  const none = await world.follow()
  assert.equal(none.status, 3, none.all)
  assert.match(none.err, /no server has tuf\/root\.json/)
  await nothing()
})

test('a root that was believed is not replaced by another one unasked', async () => {
  await using world = await network()
  assert.equal((await world.follow()).status, 0)
  const root = await strangersRoot(world.it)
  const text = await readFile(root)
  world.web.instead = (path) => (path === 'tuf/root.json' ? text : undefined)
  const changed = await world.follow()
  assert.equal(changed.status, 1, changed.all)
  assert.match(changed.err, /is another root than the one there/)
})

test('a mirror without a line is set up with a bundle, and filled from it', async () => {
  await using world = await network()
  const { it, here, fingerprint } = world
  assert.equal((await world.follow()).status, 0)
  const conf = join(here, 'etc/clam-clientsync.conf')
  const nothing = await cvdnet('mirror', 'bundle', join(it.dir, 'b.tar'), '--conf', conf)
  assert.deepEqual([nothing.status, /let it pull first/.test(nothing.err)], [1, true], nothing.all)
  await cvdnet('clientsync', 'upstream', '--conf', conf)
  const file = join(it.dir, 'b.tar')
  const made = await cvdnet('mirror', 'bundle', file, '--conf', conf)
  assert.equal(made.status, 0, made.all)
  assert.match(made.out, /release 1 generation 1: 12 files, 0\.1 MB/)
  const inside = join(it.dir, 'inside')
  const keys = ['--keys', join(it.home, 'etc/acme.json')]
  const place = ['--bundle', file, '--here', inside, '--zone', 'clamav.test', '--name', 'inside']
  const wrong = await cvdnet('mirror', 'follow', ...place, '--fingerprint', '0'.repeat(64))
  assert.equal(wrong.status, 1, wrong.all)
  const set = await cvdnet('mirror', 'follow', ...place, ...keys, '--fingerprint', fingerprint)
  assert.equal(set.status, 0, set.all)
  const insideConf = join(inside, 'etc/clam-clientsync.conf')
  const loaded = await cvdnet('clientsync', file, '--conf', insideConf)
  assert.equal(loaded.status, 0, loaded.all)
  assert.deepEqual(await contentOf(join(inside, 'htdocs')), asText(releaseFiles(it, 1)))
  await it.publish(2, releaseFiles(it, 2))
  await cvdnet('clientsync', 'upstream', '--conf', conf)
  const more = join(it.dir, 'more.tar')
  const json = await cvdnet('mirror', 'bundle', more, '--since', file, '--conf', conf, '--json')
  const { unchanged, serial } = JSON.parse(json.out)
  assert.deepEqual([serial, unchanged], [2, 3])
  const next = await cvdnet('clientsync', more, '--conf', insideConf)
  assert.equal(next.status, 0, next.all)
  assert.deepEqual(await contentOf(join(inside, 'htdocs')), asText(releaseFiles(it, 2)))
})

test('wrong use is told with what to do', async () => {
  const here = ['--here', '/nowhere']
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['http://127.0.0.1', ...here], /give the network's --zone/],
    [['https://database.a.test/?x=1', ...here], /no address of a mirror/],
    [['ftp://database.a.test', ...here], /no address of a mirror/],
    [['https://database.a.test', ...here, '--port', '0'], /--port/],
    [['https://database.a.test', ...here, '--fingerprint', 'ab'], /sixty-four/],
    [['https://database.a.test', ...here, '--root', '/nowhere/root.json'], /Cannot read/],
    [['https://database.a.test', ...here, '--keys', import.meta.filename], /no keys/],
    [['https://database.a.test'], /--here/],
    [[...here, '--zone', 'a.test'], /addresses of mirrors, or --bundle/],
    [['https://database.a.test', ...here, '--bundle', 'b.tar'], /or --bundle/],
  ]
  for (const [args, words] of wrong) {
    const { status, out, err } = await cvdnet('mirror', 'follow', ...args)
    assert.deepEqual([status, out], [2, ''], `${args.join(' ')}: ${err}`)
    assert.match(err, words)
  }
})

async function strangersRoot(it: MirrorWorld): Promise<string> {
  const folder = join(it.dir, 'stranger')
  await makeNetworkKeys(folder, epochMs(Date.now()))
  return join(folder, 'root.json')
}
