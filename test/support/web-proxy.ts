import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'

export interface WebProxy extends AsyncDisposable {
  readonly port: number
  /** First lines of what it was asked, with the address that asked. */
  readonly asked: readonly string[]
}

/** A forwarding proxy on loopback: absolute requests and CONNECT. With a login, `user:password`, it wants that. */
export async function webProxy(login?: string): Promise<WebProxy> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const wanted = login && `Basic ${Buffer.from(login).toString('base64')}`
  const lets = (asking: IncomingMessage) => {
    asked.push(`${asking.method} ${asking.url} from ${asking.socket.remoteAddress}`)
    return wanted === undefined || asking.headers['proxy-authorization'] === wanted
  }
  const server = createServer((asking, answer) => {
    if (!lets(asking)) {
      answer.writeHead(407).end()
      return
    }
    const { 'proxy-authorization': _, ...headers } = asking.headers
    const onward = request(asking.url ?? '', { headers, agent: false }, (came) => {
      answer.writeHead(came.statusCode ?? 500, came.headers)
      came.pipe(answer)
    })
    onward.once('error', () => answer.writeHead(502).end())
    onward.end()
  })
  server.on('connection', (socket) => sockets.add(socket))
  server.on('connect', (asking, socket) => {
    if (!lets(asking)) {
      socket.end('HTTP/1.1 407 Login\r\nContent-Length: 0\r\n\r\n')
      return
    }
    const { hostname, port } = new URL(`http://${asking.url}`)
    const onward = connect(Number(port), hostname)
    sockets.add(onward)
    onward.on('error', () => socket.end('HTTP/1.1 502 Gone\r\n\r\n'))
    socket.on('error', () => onward.destroy())
    onward.once('connect', () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('Cannot listen')
  return {
    port: address.port,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
