/** Our web server in a process of its own, for `serve.ts`: `serve-process.ts TREE PORT LOG [WORKERS]`. Ends on SIGTERM. */
import { once } from 'node:events'
import { AccessLogFile, loadSnapshot, serveHere, Workers } from '#adapters/http/index.ts'

const [tree = '', port = '0', path = '', workers = '1'] = process.argv.slice(2)
const { signal } = new AbortController()
const snapshot = await loadSnapshot(tree, { signal })
await using log = new AccessLogFile({ path, onFault: console.error })
const options = {
  localFolder: tree,
  onLines: (lines: string) => log.add(lines),
  onFault: console.error,
}
await using servers =
  workers === '1' ? serveHere(options) : await Workers.start(Number(workers), options)
await servers.change({ isLogged: true })
await servers.publish(snapshot)
await using _ = await servers.http({ host: '127.0.0.1', port: Number(port) })
await once(process, 'SIGTERM')
