import assert from 'node:assert/strict'
import { mkdtempDisposable, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MemoryState, MemoryStore } from '#adapters/memory/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import type { RegistrySnapshot } from '#core/mirrors/index.ts'
import { aMirror, aSigmaker } from '../../../test/support/records.ts'
import { Registry, uploadFolder } from './registry.ts'

const NONE: RegistrySnapshot = { sigmakers: [], mirrors: [] }

async function setUp() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-registry-'))
  const state = new MemoryState()
  const store = new MemoryStore(state)
  const said: string[] = []
  const open = (settled = NONE) =>
    Registry.open(
      {
        self: 'rsync1',
        state: folder.path,
        store,
        clock: systemClock,
        onEvent: (line) => said.push(line),
      },
      settled,
    )
  const end = () => folder[Symbol.asyncDispose]()
  return { path: folder.path, state, store, said, open, [Symbol.asyncDispose]: end }
}

test('what the settings name is taken in once, with an entry; after that the registry holds', async () => {
  await using it = await setUp()
  const settled = { sigmakers: [aSigmaker('acme')], mirrors: [aMirror('m', { country: 'DE' })] }
  await it.open(settled)
  const { mirrors } = it.store.registry
  const { revision } = (await mirrors.get('m')) ?? assert.fail('a mirror')
  await mirrors.put('m', aMirror('m', { country: 'US' }), revision)
  const again = await it.open(settled)
  assert.equal(again.mirrors[0]?.country, 'US')
  const entries = await it.store.journal.read({ limit: 9 })
  assert.deepEqual(
    entries.map(({ who, what, subject }) => `${who} ${what} ${subject}`),
    ['rsync1 mirror-added m', 'rsync1 sigmaker-added acme'],
  )
})

test('one who was removed does not come back with the next start, though the settings name him', async () => {
  await using it = await setUp()
  const settled = { sigmakers: [aSigmaker('acme')], mirrors: [] }
  await it.open(settled)
  const { sigmakers } = it.store.registry
  await sigmakers.remove('acme', (await sigmakers.get('acme'))?.revision ?? 0)
  assert.deepEqual((await it.open(settled)).sigmakers, [])
  assert.match(it.said.join(), /"acme" was removed from the registry, and stays out/)
})

test('a sigmaker’s folder is there before he is', async () => {
  await using it = await setUp()
  const registry = await it.open()
  await it.store.registry.sigmakers.put('acme', aSigmaker('acme'), undefined)
  await registry.refresh()
  assert.equal(registry.sigmakers[0]?.name, 'acme')
  assert.ok((await stat(uploadFolder(it.path, 'acme'))).isDirectory())
})

// Decision 9.
test('with the store away a master starts with what it knew last', async () => {
  await using it = await setUp()
  await it.store.registry.mirrors.put('m', aMirror('m'), undefined)
  await it.open()
  assert.equal((await stat(join(it.path, 'registry.json'))).mode & 0o777, 0o600)
  it.state.isAway = true
  const registry = await it.open({ sigmakers: [], mirrors: [aMirror('settings')] })
  assert.deepEqual(
    registry.mirrors.map(({ name }) => name),
    ['m'],
  )
  assert.match(it.said.join(), /away; going on with what was known last/)
  await assert.rejects(registry.refresh(), /away/)
  assert.equal(registry.mirrors.length, 1)
})

test('a master that never saw the store starts with its settings', async () => {
  await using it = await setUp()
  it.state.isAway = true
  await writeFile(join(it.path, 'registry.json'), '{ torn')
  const registry = await it.open({ sigmakers: [], mirrors: [aMirror('settings')] })
  assert.equal(registry.mirrors[0]?.name, 'settings')
})
