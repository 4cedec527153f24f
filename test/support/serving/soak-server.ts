/**
 * The web server in a process that can be killed: `soak-server.ts PORT FOLDER WORKERS`; FOLDER has trees and a link
 * `current`.
 */
import { once } from 'node:events'
import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { loadSnapshot, serveHere, Workers } from '#adapters/http/index.ts'

const LOOK_EVERY_MS = 50

const [port = '0', folder = '', workers = '1'] = process.argv.slice(2)
const stop = new AbortController()
const { signal } = stop
const options = { localFolder: folder, onLines: () => {}, onFault: console.error }
await using servers =
  workers === '1' ? serveHere(options) : await Workers.start(Number(workers), options)
let tree = ''
while (!(await followed())) await setTimeout(1)
await using _ = await servers.http({ host: '127.0.0.1', port: Number(port) })
process.once('SIGTERM', () => stop.abort())
process.send?.('ready')
while (!signal.aborted) {
  await setTimeout(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
  await followed()
}
if (process.connected) process.disconnect()
else await once(process, 'disconnect').catch(() => {})

/** False when the newest tree went while it was read. */
async function followed(): Promise<boolean> {
  const now = await realpath(join(folder, 'current')).catch(() => tree)
  if (now === tree) return true
  const next = await loadSnapshot(now, { signal }).catch(() => undefined)
  if (next === undefined) return false
  tree = now
  await servers.publish(next)
  return true
}
