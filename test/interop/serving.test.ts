import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { loadSnapshot, startHttpServer } from '#adapters/http/index.ts'
import type { Place } from '../support/serving/raw.ts'
import { servingSuite } from '../support/serving/suite.ts'
import { makeServedTree } from '../support/serving/tree.ts'

const owned = new AsyncDisposableStack()
let place: Place = { host: '127.0.0.1', port: 0 }

before(async () => {
  const folder = owned.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-serving-')))
  const root = join(folder.path, 'root')
  await makeServedTree(root)
  const snapshot = await loadSnapshot(root, { signal: AbortSignal.timeout(10_000) })
  place = owned.use(await startHttpServer({ ...place, source: () => snapshot, localFolder: root }))
})
after(() => owned.disposeAsync())

servingSuite({ name: 'cvdnet', place: () => place, skip: false })
