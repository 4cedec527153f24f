import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempDisposable } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { loadSnapshot, type Snapshot, type WebRules, Workers } from '#adapters/http/index.ts'
import { parseLogLine } from '#formats/access-log/index.ts'
import { exchange } from './raw.ts'
import { makeServedTree } from './tree.ts'

export const signal = AbortSignal.timeout(120_000)
const PLACE = { host: '127.0.0.1', port: 0 }
/** So many connections are dealt out to both threads, but for once in a million million times. */
export const MANY = 40

/** Two threads that serve a small tree on one port. */
export async function workersWorld(rules: Partial<WebRules> = {}) {
  await using starting = new AsyncDisposableStack()
  const folder = starting.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-workers-')))
  const root = join(folder.path, 'root')
  await makeServedTree(root)
  const snapshot = await loadSnapshot(root, { signal })
  let lines = ''
  const faults: string[] = []
  const workers = starting.use(
    await Workers.start(2, {
      localFolder: root,
      onLines: (some) => {
        lines += some
      },
      onFault: (line) => faults.push(line),
    }),
  )
  await workers.change({ isLogged: true, ...rules })
  await workers.publish(snapshot)
  const listener = await workers.http(PLACE)
  const owned = starting.move()
  const { host, port } = listener
  return {
    snapshot,
    workers,
    listener,
    faults,
    host,
    port,
    logged: () => lines.split('\n').flatMap((line) => parseLogLine(line) ?? []),
    ask: async (path: string, ...fields: readonly string[]) => {
      const head = ['Host: a', 'Connection: close', ...fields].join('\r\n')
      const { answers } = await exchange({ host, port }, `GET ${path} HTTP/1.1\r\n${head}\r\n\r\n`)
      const [answer] = answers
      assert.ok(answer)
      return answer
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export type WorkersWorld = Awaited<ReturnType<typeof workersWorld>>

/** The same release with another `timestamp`. */
export function dated(snapshot: Snapshot, text: string): Snapshot {
  const old = snapshot.files.get('timestamp')
  assert.ok(old)
  const start = Buffer.from(text.padEnd(old.bytes))
  return { files: new Map(snapshot.files).set('timestamp', { ...old, start }) }
}

/** Connections that stay, over both threads. */
export async function opened(
  { host, port }: WorkersWorld,
  count: number,
): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, host))
  for (const socket of sockets) socket.on('error', () => {})
  await Promise.all(
    sockets.map(async (socket) => {
      socket.write('GET /timestamp HTTP/1.1\r\n\r\n')
      await once(socket, 'data', { signal })
    }),
  )
  return sockets
}

export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(20, undefined, { signal })
}
