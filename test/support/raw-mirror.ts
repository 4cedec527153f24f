import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

export interface RawMirror extends AsyncDisposable {
  readonly port: number
}

/** A mirror that answers each path with raw bytes, or does what it likes with the socket. */
export async function rawMirror(
  answer: (path: string, head: string, socket: Socket) => string | undefined,
): Promise<RawMirror> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', (data) => {
      const head = data.toString('latin1')
      const text = answer(head.split(' ')[1] ?? '', head, socket)
      if (text !== undefined) socket.end(text, 'latin1')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('Cannot listen')
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A whole answer in HTTP/1.1. */
export function httpAnswer(body: string, status = '200 OK', fields = ''): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`
}

/** Sends for ever, as fast as it is taken. */
export function flood(socket: Socket, start: string): undefined {
  socket.write(`HTTP/1.1 200 OK\r\n\r\n${start}`)
  const more = () => {
    while (!socket.destroyed && socket.write('x'.repeat(65_536)));
    socket.once('drain', more)
  }
  more()
}

/** A byte now and then, so that it is never silent. */
export function trickle(socket: Socket): undefined {
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n')
  const timer = setInterval(() => socket.write('1'), 50)
  socket.once('close', () => clearInterval(timer))
}
