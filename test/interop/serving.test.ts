import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { loadSnapshot, serveHere, type WebServers, Workers } from '#adapters/http/index.ts'
import type { Place } from '../support/serving/raw.ts'
import { servingSuite } from '../support/serving/suite.ts'
import { makeServedTree } from '../support/serving/tree.ts'

type Options = Parameters<typeof serveHere>[0]

function suiteOf(name: string, start: (options: Options) => WebServers | Promise<WebServers>) {
  const owned = new AsyncDisposableStack()
  let place: Place = { host: '127.0.0.1', port: 0 }
  before(async () => {
    const folder = owned.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-serving-')))
    const root = join(folder.path, 'root')
    await makeServedTree(root)
    const onLines = () => {}
    const servers = await start({ localFolder: root, onLines, onFault: onLines })
    owned.use(servers)
    await servers.publish(await loadSnapshot(root, { signal: AbortSignal.timeout(10_000) }))
    place = owned.use(await servers.http(place))
  })
  after(() => owned.disposeAsync())
  servingSuite({ name, place: () => place, skip: false })
}

suiteOf('cvdnet', serveHere)
suiteOf('cvdnet with two workers', (options) => Workers.start(2, options))
