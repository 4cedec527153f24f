import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface CuttingRelay extends AsyncDisposable {
  readonly port: number
  /** Bytes that each connection brought to whoever asked. */
  readonly brought: readonly number[]
}

/** Stands before a server on loopback, and cuts the first connection after so many bytes of its answer. */
export async function cuttingRelay(to: number, cutAfterBytes: number): Promise<CuttingRelay> {
  const brought: number[] = []
  const sockets = new Set<Socket>()
  const relay = createServer((socket) => {
    const at = brought.push(0) - 1
    const onward = connect(to, '127.0.0.1')
    for (const end of [socket, onward]) {
      sockets.add(end)
      end.on('error', () => {})
    }
    socket.pipe(onward)
    onward.on('end', () => socket.end())
    onward.on('data', (piece: Buffer) => {
      const left = at === 0 ? cutAfterBytes - (brought[at] ?? 0) : piece.byteLength
      const part = piece.subarray(0, left)
      brought[at] = (brought[at] ?? 0) + part.byteLength
      if (part.byteLength < piece.byteLength) {
        onward.destroy()
        socket.end(part)
      } else if (!socket.write(part)) {
        onward.pause()
        socket.once('drain', () => onward.resume())
      }
    })
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const address = relay.address()
  if (typeof address !== 'object' || address === null) throw new Error('Cannot listen')
  return {
    port: address.port,
    brought,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      relay.close()
      await once(relay, 'close')
    },
  }
}
