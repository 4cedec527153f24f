/** A tree on the disk, served by HTTP as simply as can be, with whatever a bad server does to it. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** In the place of a file: other bytes, a status, or its first bytes and then the end of the line. */
export type Instead =
  | Uint8Array
  | { readonly status: number; readonly retryAfter?: number }
  | { readonly cutAfter: number }

export interface WebTree extends AsyncDisposable {
  readonly url: string
  /** Paths below the root, as they were asked for; with the first byte behind it where that is not 0. */
  readonly asked: string[]
  instead: (path: string) => Instead | undefined
}

export async function serveTree(folder: string): Promise<WebTree> {
  const server = createServer((request, response) => {
    answer(tree, folder, request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const tree: WebTree = {
    url: `http://127.0.0.1:${port}`,
    asked: [],
    instead: () => undefined,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return tree
}

async function answer(
  tree: WebTree,
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').slice(1)
  const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  tree.asked.push(from === 0 ? path : `${path} from ${from}`)
  const other = tree.instead(path)
  if (other !== undefined && 'status' in other) {
    const { status, retryAfter } = other
    response.writeHead(status, retryAfter === undefined ? {} : { 'Retry-After': retryAfter }).end()
    return
  }
  const isBytes = other instanceof Uint8Array
  const content = isBytes ? other : await readFile(join(folder, path)).catch(() => undefined)
  if (content === undefined) {
    response.writeHead(404).end()
    return
  }
  const part = head(content, request, response)
  if (other === undefined || isBytes) response.end(part)
  else response.write(part.subarray(0, other.cutAfter), () => response.destroy())
}

/** Writes the head, and returns what belongs behind it. */
function head(
  content: Uint8Array,
  { headers }: IncomingMessage,
  response: ServerResponse,
): Uint8Array {
  const ETag = `"${createHash('sha256').update(content).digest('hex')}"`
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
  if (range === null || (headers['if-range'] ?? ETag) !== ETag) {
    response.writeHead(200, { ETag, 'Content-Length': content.length })
    return content
  }
  const from = Number(range[1])
  const to = Math.min(Number(range[2] || content.length - 1), content.length - 1)
  response.writeHead(206, {
    ...{ ETag, 'Content-Length': to + 1 - from },
    'Content-Range': `bytes ${from}-${to}/${content.length}`,
  })
  return content.subarray(from, to + 1)
}
