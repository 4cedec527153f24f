/** A process that starts an rsync daemon, says its process id, and waits to be killed. Usage: daemon-owner.ts FOLDER */
import { join } from 'node:path'
import { RsyncDaemon } from '#adapters/rsync/index.ts'

const [folder = ''] = process.argv.slice(2)
const daemon = await RsyncDaemon.start({
  host: '127.0.0.1',
  port: 0,
  module: 'clamavdb',
  path: join(folder, 'tree'),
  logins: [{ user: 'mirror1', password: 'secret1' }],
  folder,
})
process.stdout.write(String(daemon.pid))
setInterval(() => {}, 60_000)
