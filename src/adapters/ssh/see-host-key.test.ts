import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempDisposable } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { TriggerError } from '#ports/trigger.ts'
import { seeHostKey, startSshDoor } from './index.ts'

const HOST = '127.0.0.1'

async function code(port: number, signal = AbortSignal.timeout(10_000)): Promise<string> {
  const seen = seeHostKey({ host: HOST, port, pinned: undefined }, signal)
  return await seen.then(
    (key) => key,
    (error: unknown) => (error instanceof TriggerError ? error.code : String(error)),
  )
}

/** Something that is no ssh server. */
async function listening(onSocket: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).resume())
    onSocket(socket)
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await server[Symbol.asyncDispose]()
    },
  }
}

test('the host key is seen without a login', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-key-'))
  await using door = await startSshDoor({
    host: HOST,
    port: 0,
    hostKeyFile: join(folder.path, 'host'),
    policy: { admit: () => undefined },
  })
  const signal = AbortSignal.timeout(10_000)
  const seen = { host: HOST, port: door.port, pinned: undefined }
  assert.equal(await seeHostKey(seen, signal), door.hostKey)
})

test('what is no ssh server says why: nobody there, a web server, endless words, silence', async () => {
  const gone = await listening(() => {})
  await gone[Symbol.asyncDispose]()
  assert.equal(await code(gone.port), 'unreachable')
  await using web = await listening((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  assert.equal(await code(web.port), 'broken')
  await using endless = await listening((socket) => {
    const more = () => void (socket.destroyed || socket.write('x'.repeat(65_536), more))
    more()
  })
  assert.match(await code(endless.port, AbortSignal.timeout(3000)), /broken|TimeoutError/)
  await using silent = await listening(() => {})
  assert.match(await code(silent.port, AbortSignal.timeout(300)), /TimeoutError/)
})
