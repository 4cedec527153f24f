import assert from 'node:assert/strict'
import { mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSqliteStore } from '#adapters/sqlite/index.ts'
import type { Store } from '#ports/store.ts'
import { aHead, aMirror, anEntry, aSigmaker } from '../../test/support/records.ts'
import { run } from '../../test/support/run.ts'

const CVDNET = join(import.meta.dirname, '..', 'cvdnet.ts')

async function setUp() {
  await using setting = new AsyncDisposableStack()
  const { path: folder } = setting.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-backup-')))
  const at = (name: string) => join(folder, name)
  await writeFile(at('cvdnet.toml'), `zone = "clamav.test"\nstate = "."\n[master]\n`)
  const kept = setting.move()
  return {
    at,
    folder,
    cvdnet: (...args: readonly string[]) =>
      run(process.execPath, [CVDNET, ...args, '--config', at('cvdnet.toml')], { cwd: folder }),
    open: () => openSqliteStore(at('store.sqlite')),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function fill({ registry, releases, journal }: Store): Promise<void> {
  await registry.mirrors.put('m', aMirror('m'), undefined)
  await registry.sigmakers.put('acme', aSigmaker('acme'), undefined)
  await releases.commit(aHead(7, 9), undefined, anEntry('published'))
  await journal.append(anEntry('said'))
}

test('a backup of a store in use holds all of it, for nobody else to read, and comes back', async () => {
  await using it = await setUp()
  {
    await using store = await it.open()
    await fill(store)
    const made = await it.cvdnet('backup', it.at('copy'))
    assert.equal(made.status, 0, made.all)
    assert.match(made.out, /release 7, 1 mirror\(s\), 1 sigmaker\(s\), 2 journal entries/)
    assert.equal((await stat(it.at('copy'))).mode & 0o777, 0o600)
    await store.journal.append(anEntry('later'))
  }
  const refused = await it.cvdnet('restore', it.at('copy'))
  assert.equal(refused.status, 1)
  assert.match(refused.err, /seen 1 changes that the backup has not \(--force/)
  const restored = await it.cvdnet('restore', it.at('copy'), '--force')
  assert.equal(restored.status, 0, restored.all)
  await using store = await it.open()
  assert.deepEqual(await store.releases.head(), aHead(7, 9))
  assert.deepEqual((await store.registry.mirrors.get('m'))?.value, aMirror('m'))
  assert.equal((await store.journal.read({ limit: 9 })).length, 2)
  assert.deepEqual(
    (await readdir(it.folder)).filter((name) => name.includes('tmp')),
    [],
  )
})

test('a store that a process has open is not replaced, not even with --force', async () => {
  await using it = await setUp()
  await using store = await it.open()
  await fill(store)
  assert.equal((await it.cvdnet('backup', it.at('copy'))).status, 0)
  for (const more of [[], ['--force']]) {
    const refused = await it.cvdnet('restore', it.at('copy'), ...more)
    assert.equal(refused.status, 1, refused.all)
    assert.match(refused.err, /a process has it open/)
  }
  await store.journal.append(anEntry('still here'))
  assert.equal((await store.journal.read({ limit: 9 })).length, 3)
})

test('a backup goes where no store is, and over a damaged one by force', async () => {
  await using it = await setUp()
  {
    await using store = await it.open()
    await fill(store)
  }
  assert.equal((await it.cvdnet('backup', it.at('copy'))).status, 0)
  const again = await it.cvdnet('backup', it.at('copy'))
  assert.equal(again.status, 1)
  assert.match(again.err, /it is there already/)
  await writeFile(
    it.at('store.sqlite'),
    'no database at all, but long enough to be one '.repeat(99),
  )
  assert.notEqual((await it.cvdnet('restore', it.at('copy'))).status, 0)
  assert.equal((await it.cvdnet('restore', it.at('copy'), '--force')).status, 0)
  await using store = await it.open()
  assert.equal((await store.releases.head())?.release.serial, 7)
})

test('what is no backup, or a broken one, is refused and changes nothing', async () => {
  await using it = await setUp()
  {
    await using store = await it.open()
    await fill(store)
    for (let at = 0; at < 200; at += 1) await store.journal.append(anEntry('x'.repeat(500)))
  }
  assert.equal((await it.cvdnet('backup', it.at('copy'))).status, 0)
  const whole = await readFile(it.at('copy'))
  const broken = Buffer.from(whole)
  broken.fill(0x5a, 5 * 4096, 20 * 4096)
  await writeFile(it.at('broken'), broken)
  await writeFile(it.at('text'), 'hello '.repeat(1000))
  const before = await readFile(it.at('store.sqlite'))
  for (const name of ['broken', 'text', 'absent']) {
    const refused = await it.cvdnet('restore', it.at(name), '--force')
    assert.ok(refused.status === 1 || refused.status === 3, `${name}: ${refused.all}`)
    assert.match(refused.err, /^cvdnet: Cannot /)
    assert.ok(before.equals(await readFile(it.at('store.sqlite'))), name)
  }
})

test('a store in PostgreSQL is backed up with its own programs', async () => {
  await using it = await setUp()
  const settings = `zone = "clamav.test"\nstate = "."\n[store]\nkind = "postgres"\nurl_env = "X"\n[master]\n`
  await writeFile(it.at('cvdnet.toml'), settings)
  const refused = await it.cvdnet('backup', it.at('copy'))
  assert.equal(refused.status, 2)
  assert.match(refused.err, /pg_dump/)
})
