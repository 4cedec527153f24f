import assert from 'node:assert/strict'
import { appendFile, mkdtempDisposable, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { JournalFile } from '#adapters/disk/index.ts'
import { MemoryState, MemoryStore } from '#adapters/memory/index.ts'
import { anEntry } from '../../../test/support/records.ts'
import { StoreJournal } from './store-journal.ts'

async function setUp() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-journal-'))
  const path = join(folder.path, 'journal-waiting.jsonl')
  const state = new MemoryState()
  const store = new MemoryStore(state)
  const start = () => new StoreJournal(store.journal, new JournalFile(path))
  const verbs = async () => (await store.journal.read({ limit: 99 })).map(({ what }) => what)
  return { path, state, start, verbs, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test('while the store is away entries wait on disk, and come into it in their order', async () => {
  await using it = await setUp()
  const journal = it.start()
  await journal.append(anEntry('one'))
  it.state.isAway = true
  await Promise.all([journal.append(anEntry('two')), journal.append(anEntry('three'))])
  await journal.deliver()
  it.state.isAway = false
  await journal.append(anEntry('four'))
  assert.deepEqual(await it.verbs(), ['four', 'three', 'two', 'one'])
  await assert.rejects(readFile(it.path), { code: 'ENOENT' })
})

test('entries that waited when the master was killed are there after its next start', async () => {
  await using it = await setUp()
  it.state.isAway = true
  const entry = anEntry('said', { why: ['line\nbreak', '"'] })
  await it.start().append(entry)
  // What a kill in the middle of a line leaves.
  await appendFile(it.path, '{"at":"2026-01-01T')
  it.state.isAway = false
  await it.start().deliver()
  const { id: _, ...kept } = it.state.entries[0] ?? assert.fail('an entry')
  assert.deepEqual(kept, entry)
  assert.equal(it.state.entries.length, 1)
})
