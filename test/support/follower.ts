/** A mirror that pulls by HTTP, and the servers that it is told to ask. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { epochMs } from '#base/time.ts'
import type { Clock } from '#ports/clock.ts'
import { type MirrorWorld, mirrorWorld } from './mirror-world.ts'
import { serveTree, type WebTree } from './web-tree.ts'

/** Nobody waits here for a server that is down. */
const clock: Clock = { now: () => epochMs(Date.now()), sleep: () => Promise.resolve() }
export const UPSTREAM = { master: 'upstream', clock }

export const treeOf = (it: MirrorWorld) => join(it.dir, 'master/current')

/** A mirror that has no login with anybody, and servers of the network's tree. */
export async function follower(servers = 1) {
  await using stack = new AsyncDisposableStack()
  const it = stack.use(await mirrorWorld())
  const webs: WebTree[] = []
  for (let n = 0; n < servers; n++) webs.push(stack.use(await serveTree(treeOf(it))))
  const [web = assert.fail(), other = web] = webs
  const follow = (addresses: readonly string[]) =>
    it.writeConf({ UPSTREAM: addresses.join(' '), MASTERS: '', RSYNC_USER: 'nobody' })
  await follow(webs.map(({ url }) => url))
  const owned = stack.move()
  return { it, web, other, follow, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
