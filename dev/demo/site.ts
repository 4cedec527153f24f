import { realpath } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { loadSnapshot, type Snapshot, startHttpServer } from '#adapters/http/index.ts'

/** How soon the page shows a new release. */
const LOOK_EVERY_MS = 250

export interface Site extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

/** The network's public page: what the master publishes, served as a mirror would. */
export async function startSite(current: string): Promise<Site> {
  const stop = new AbortController()
  let tree = await firstTree(current)
  let snapshot: Snapshot = await loadSnapshot(tree, { signal: stop.signal })
  const follow = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await wait(LOOK_EVERY_MS, undefined, { signal: stop.signal }).catch(() => {})
      const now = await realpath(current).catch(() => tree)
      if (now === tree || stop.signal.aborted) continue
      // Stopped half-way, or the tree went meanwhile: the next look tells.
      const loaded = await loadSnapshot(now, { signal: stop.signal }).catch(() => undefined)
      if (loaded === undefined) continue
      snapshot = loaded
      tree = now
    }
  }
  const following = follow().catch((error: unknown) => {
    // In the middle of a look at a new tree.
    if (!stop.signal.aborted) throw error
  })
  const server = await startHttpServer({ host: '127.0.0.1', port: 0, source: () => snapshot })
  return {
    host: server.host,
    port: server.port,
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('Stopping'))
      await following
      await server[Symbol.asyncDispose]()
    },
  }
}

/** A new master answers before its first tree is there: another one may publish just then. */
async function firstTree(current: string): Promise<string> {
  for (let look = 0; look < FIRST_LOOKS_MAX; look += 1) {
    const tree = await realpath(current).catch(() => undefined)
    if (tree !== undefined) return tree
    await wait(LOOK_EVERY_MS)
  }
  return await realpath(current)
}

const FIRST_LOOKS_MAX = 120
