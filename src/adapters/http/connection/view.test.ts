import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Snapshot } from '../files/snapshot.ts'
import { View } from './view.ts'

function release(...names: readonly string[]): Snapshot {
  return { files: new Map(names.map((name) => [name, {} as never])) }
}

// Promise 3, decision 15.
test('a connection sees one release, and is closed when there is a newer one', () => {
  const [old, fresh] = [release('timestamp'), release('timestamp')]
  let newest = old
  const view = new View(() => newest)
  assert.deepEqual(view.get('timestamp'), { snapshot: old, isLast: false })
  newest = fresh
  const next = view.get('timestamp')
  assert.equal(next.snapshot, old)
  assert.equal(next.isLast, true)
})

test('a file that only the newer release has is not missing on an older connection', () => {
  const [old, fresh] = [release('timestamp'), release('timestamp', 'daily-2.cdiff')]
  let newest = old
  const view = new View(() => newest)
  view.get('timestamp')
  newest = fresh
  assert.equal(view.get('daily-2.cdiff').snapshot, fresh)
  assert.equal(view.get('timestamp').snapshot, old)
  assert.equal(view.get('daily-3.cdiff').snapshot, fresh)
})
