/** Our web server in a process of its own, for `serve.ts`: `serve-process.ts TREE PORT LOG`. Ends on SIGTERM. */
import { once } from 'node:events'
import { AccessLogFile, loadSnapshot, startHttpServer } from '#adapters/http/index.ts'
import { printLogLine } from '#formats/access-log/index.ts'

const [tree = '', port = '0', path = ''] = process.argv.slice(2)
const { signal } = new AbortController()
const snapshot = await loadSnapshot(tree, { signal })
await using log = new AccessLogFile({ path, onFault: console.error })
await using _ = await startHttpServer({
  host: '127.0.0.1',
  port: Number(port),
  source: () => snapshot,
  onRequest: (record) => log.add(printLogLine(record)),
})
await once(process, 'SIGTERM')
