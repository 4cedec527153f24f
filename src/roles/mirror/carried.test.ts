import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readBundle, writeBundle } from '#adapters/bundle/index.ts'
import {
  asText,
  contentOf,
  releaseFiles,
  saysNo,
  sync,
  synced,
} from '../../../test/support/mirror-sync.ts'
import { type Files, type MirrorWorld, mirrorWorld } from '../../../test/support/mirror-world.ts'
import { patchedFiles } from '../../../test/support/patched-versions.ts'
import { mountSmall } from '../../../test/support/small-disk.ts'
import { type MakeBundleOptions, makeBundle } from './make-bundle.ts'

const DAY_MS = 24 * 3_600_000
const signal = AbortSignal.timeout(120_000)

/** A mirror with a line to its master, and one without any: the conf of the second, with nobody to ask. */
async function twoSides() {
  await using stack = new AsyncDisposableStack()
  const it = stack.use(await mirrorWorld())
  const [docroot, state] = [join(it.dir, 'inside/htdocs'), join(it.dir, 'inside/state')]
  const inside: MirrorWorld = { ...it, conf: join(it.dir, 'inside.conf'), docroot, state }
  const text = (await readFile(it.conf, 'utf8')).replaceAll(
    /^(TO|STATE|MASTERS|RSYNC_.*)=.*\n/gm,
    '',
  )
  await writeFile(inside.conf, `${text}TO='${docroot}'\nSTATE='${state}'\nUPSTREAM=''\n`)
  const at = (name: string) => join(it.dir, name)
  const bundle = async (name: string, more: Partial<MakeBundleOptions> = {}) => {
    const conf = { confFile: it.conf, home: it.home, since: undefined, signal }
    const made = await makeBundle({ ...conf, output: at(name), ...more })
    assert.ok(made.ok, JSON.stringify(made))
    return made.value
  }
  const publish = async (n: number, files: Files, signedAt = Date.now()) => {
    await it.publish(n, files, { signedAt })
  }
  const owned = stack.move()
  return { it, inside, at, bundle, publish, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const from = (master: string) => ({ master })

test('what one mirror has, another one without a line gets from a bundle', async () => {
  await using world = await twoSides()
  const { it, inside, at } = world
  await world.publish(1, releaseFiles(it, 1))
  await synced(it)
  const made = await world.bundle('b.tar')
  assert.deepEqual([made.serial, made.files, made.unchanged, made.remade], [1, 12, 0, []])
  const { end, said } = await sync(inside, from(at('b.tar')))
  assert.ok(end.kind === 'done' && end.changed)
  assert.match(said, /syncing from the bundle .*b\.tar/)
  assert.deepEqual(await contentOf(inside.docroot), asText(releaseFiles(it, 1)))
  assert.deepEqual(
    await readdir(join(inside.docroot, 'tuf')),
    await readdir(join(it.docroot, 'tuf')),
  )
  assert.ok(!(await readdir(inside.state)).includes('carried'), 'nothing of it is left behind')
  const again = await synced(inside, from(at('b.tar')))
  assert.equal(again.changed, false)
})

test('a bundle since another one has what is new, and patches in the place of large databases', async () => {
  await using world = await twoSides()
  const { it, inside, at } = world
  const much = { lines: 20_000, patches: 1 }
  const [one, two] = [await patchedFiles(it, 1, much), await patchedFiles(it, 2, much)]
  await world.publish(1, { ...one, 'main.cvd': it.cvd('main', 1) })
  await synced(it)
  const first = await world.bundle('1.tar')
  await synced(inside, from(at('1.tar')))
  const after = { ...two, 'main.cvd': it.cvd('main', 1) }
  await world.publish(2, after)
  await synced(it)
  const second = await world.bundle('2.tar', { since: at('1.tar') })
  assert.deepEqual(second.remade, ['daily.cvd'])
  assert.ok(second.bytes < first.bytes / 4, `${second.bytes} of ${first.bytes}`)
  const paths = await readBundle(at('2.tar'), { into: at('look'), signal })
  assert.ok(paths.ok && !paths.value.includes('main.cvd') && !paths.value.includes('daily.cvd'))
  const { rebuilds } = await synced(inside, from(at('2.tar')))
  assert.deepEqual(rebuilds[0]?.end, { kind: 'rebuilt', from: 1, patches: 1 })
  assert.deepEqual(await contentOf(inside.docroot), asText(after))
})

test('who lacks what a bundle builds on is told to take a whole one', async () => {
  await using world = await twoSides()
  const { it, inside, at } = world
  await world.publish(1, releaseFiles(it, 1))
  await synced(it)
  await world.bundle('1.tar')
  await world.publish(2, releaseFiles(it, 2))
  await synced(it)
  await world.bundle('2.tar', { since: at('1.tar') })
  const { end, complained } = await sync(inside, from(at('2.tar')))
  assert.equal(end.kind, 'refused')
  assert.match(complained, /main\.cvd is neither in the bundle nor here.*take a whole one/)
  await synced(inside, from(at('1.tar')))
  await synced(inside, from(at('2.tar')))
  assert.deepEqual(await contentOf(inside.docroot), asText(releaseFiles(it, 2)))
})

test('a month on the way is believed, two are not; and nothing goes back', async () => {
  await using world = await twoSides()
  const { it, inside, at } = world
  // What is signed in the past is pulled by nobody any more, so the bundles are of trees that were served then.
  const old = await carriedTree(world, 1, Date.now() - 25 * DAY_MS)
  await synced(inside, from(old))
  await world.publish(3, releaseFiles(it, 3))
  await synced(it)
  await world.bundle('3.tar')
  await synced(inside, from(at('3.tar')))
  await saysNo(inside, 'refused', /the manifest is not trusted/, from(old))
  const older = await carriedTree(world, 4, Date.now() - 40 * DAY_MS)
  await saysNo(inside, 'refused', /the manifest is not trusted.*expired/, from(older))
})

test('a bundle that is cut, changed, of strangers or no bundle changes nothing', async () => {
  await using world = await twoSides()
  const { it, inside, at } = world
  await world.publish(1, releaseFiles(it, 1))
  await synced(it)
  await world.bundle('1.tar')
  await synced(inside, from(at('1.tar')))
  await world.publish(2, releaseFiles(it, 2))
  await synced(it)
  await world.bundle('2.tar')
  const { size } = await stat(at('2.tar'))
  await saysNo(inside, 'failed', /nowhere\.tar/, from(at('nowhere.tar')))
  const bytes = await readFile(at('2.tar'))
  const place = bytes.indexOf('patch to 2')
  bytes.write('PATCH to 2', place)
  await writeFile(at('changed.tar'), bytes)
  await saysNo(
    inside,
    'refused',
    /daily-2\.cdiff is not what the manifest says/,
    from(at('changed.tar')),
  )
  await writeFile(at('page.tar'), '<html>'.repeat(1000))
  await saysNo(inside, 'refused', /no bundle/, from(at('page.tar')))
  await truncate(at('2.tar'), size - 2000)
  await saysNo(inside, 'refused', /not all of one/, from(at('2.tar')))
})

test('a full disk under the state is told, and nothing of the bundle is left on it', async (context) => {
  await using world = await twoSides()
  const { it, inside, at } = world
  await world.publish(1, { ...releaseFiles(it, 1), 'large.ndb': 'x'.repeat(1_500_000) })
  await synced(it)
  await world.bundle('1.tar')
  await mkdir(inside.state, { recursive: true })
  using disk = mountSmall(inside.state, '1m')
  if (disk === undefined) return context.skip('needs the right to mount a small file system')
  const { end, complained } = await sync(inside, from(at('1.tar')))
  assert.equal(end.kind, 'failed')
  assert.match(complained, /no space left on the disk/)
  const left = await readdir(inside.state, { recursive: true })
  assert.deepEqual(
    left.filter((path) => /^(?:incoming\/|carried)/.test(path)),
    [],
  )
})

/** A bundle of a tree that was signed at that time, by way of a mirror that judges as if it were then. */
async function carriedTree(
  { it, at }: Awaited<ReturnType<typeof twoSides>>,
  n: number,
  signedAt: number,
): Promise<string> {
  const tree = await it.publish(n, releaseFiles(it, n), { signedAt })
  const entries = await readdir(tree, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: file.slice(tree.length + 1), file }))
  await writeBundle(at(`old-${n}.tar`), files, { signal })
  return at(`old-${n}.tar`)
}
