import { once } from 'node:events'
import { connect } from 'node:net'

const CONNECT_MS_MAX = 3_000

export interface Anchor {
  readonly host: string
  readonly port: number
}

/**
 * Looks at the observer's own line: one of the anchors that takes a connection is enough. Why it is cut, in words, or
 * undefined; without anchors nothing can be said.
 */
export async function checkOwnLine(
  anchors: readonly Anchor[],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (anchors.length === 0) return undefined
  const answers = await Promise.all(anchors.map((anchor) => answersAt(anchor, signal)))
  if (answers.some(Boolean) || signal.aborted) return undefined
  const all = anchors.map(({ host, port }) => `${host} port ${port}`)
  return `none of ${all.join(', ')} can be reached`
}

async function answersAt({ host, port }: Anchor, signal: AbortSignal): Promise<boolean> {
  const socket = connect({ host, port })
  try {
    await once(socket, 'connect', {
      signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS_MAX)]),
    })
    return true
  } catch {
    return false
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}
