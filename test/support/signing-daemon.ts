import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { drawSalt } from '#adapters/keys/index.ts'
import { type PublisherSecrets, signMd5, signSha256 } from '#formats/dsig/index.ts'
import {
  parseSignRequest,
  printSignAnswer,
  type SignRequest,
} from '#formats/signing-service/index.ts'

/** A tiny signing service (formats.md 1.6) for tests, which the real sigtool takes for its own. Loopback only. */
export interface SigningDaemon extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** What was asked for, in order. */
  readonly asked: readonly SignRequest['part'][]
}

export interface SigningDaemonOptions {
  readonly secrets: PublisherSecrets
  readonly user: string
  readonly password: string
  readonly host?: string
  /** 0: the system chooses. sigtool knows port 33101 only. */
  readonly port?: number
  /** Instead of a salt of its own for each signature. */
  readonly sign?: (request: SignRequest) => string
  /** Instead of the right answer. */
  readonly misbehave?: (socket: Socket, right: Uint8Array) => void
}

export async function startSigningDaemon(options: SigningDaemonOptions): Promise<SigningDaemon> {
  const { secrets, user, password, host = '127.0.0.1', port = 0, misbehave } = options
  const { sign = (request) => signatureOf(request, secrets) } = options
  const asked: SignRequest['part'][] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.once('data', (bytes: Uint8Array) => {
      const request = parseSignRequest(bytes)
      if (!request.ok || request.value.user !== user || request.value.password !== password) {
        socket.end('Error: not allowed')
        return
      }
      asked.push(request.value.part)
      const right = printSignAnswer(sign(request.value))
      if (misbehave === undefined) socket.end(right)
      else misbehave(socket, right)
    })
  })
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('Cannot listen')
  return {
    host,
    port: address.port,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function signatureOf({ part, digest }: SignRequest, secrets: PublisherSecrets): string {
  if (part === 'header') return signMd5(digest, secrets.header)
  return signSha256(digest, part === 'info' ? secrets.info : secrets.patch, drawSalt)
}
