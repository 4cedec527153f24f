import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { exchange } from '../../../../test/support/serving/raw.ts'
import { loadSnapshot } from '../files/snapshot.ts'
import { startHttpServer } from '../servers/server.ts'

const STALLED_MS = 1500
const signal = AbortSignal.timeout(60_000)

async function world() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-stalled-'))
  // More than the system keeps for a connection.
  await writeFile(join(folder.path, 'main.cvd'), Buffer.alloc(48 * 1024 * 1024, 'x'))
  await writeFile(join(folder.path, 'local_big.bin'), Buffer.alloc(48 * 1024 * 1024, 'x'))
  const snapshot = await loadSnapshot(folder.path, { signal })
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    source: () => snapshot,
    localFolder: folder.path,
    stalledMs: STALLED_MS,
  })
  const owned = new AsyncDisposableStack()
  owned.use(folder)
  owned.use(server)
  const open = (path: string) => {
    const socket = connect(server.port, server.host).pause()
    socket.on('error', () => {})
    owned.defer(() => {
      socket.destroy()
    })
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    return socket
  }
  return { open, server, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Whether the server has ended it before all had come. */
async function isCut(socket: Socket): Promise<boolean> {
  let bytes = 0
  try {
    for await (const part of socket.iterator({ destroyOnReturn: false })) bytes += part.length
  } catch (error) {
    // What it had sent and nobody read makes the end a reset.
    assert.match(String(error), /ECONNRESET|EPIPE/)
    return true
  }
  return bytes < 48 * 1024 * 1024
}

for (const path of ['/main.cvd', '/local_big.bin']) {
  test(`${path}: whoever takes nothing of it for a while is cut off`, async () => {
    await using it = await world()
    const silent = it.open(path)
    // Once it is seen that nothing moves, and once more that it still does not.
    await setTimeout(4 * STALLED_MS)
    assert.equal(await isCut(silent), true)
  })

  test(`${path}: whoever takes nothing of it is cut off though he goes on sending`, async () => {
    await using it = await world()
    const talking = it.open(path)
    const sending = setInterval(() => talking.write('G'), STALLED_MS / 5)
    await setTimeout(4 * STALLED_MS)
    clearInterval(sending)
    assert.equal(await isCut(talking), true)
  })

  test(`${path}: whoever takes a little now and then is served on, and goes on to the next`, async () => {
    await using it = await world()
    const slow = it.open(path)
    let bytes = 0
    let isEnded = false
    slow.on('end', () => {
      isEnded = true
    })
    slow.on('data', (part) => {
      bytes += part.length
      if (bytes % (4 * 1024 * 1024) < part.length) slow.pause()
    })
    const taking = setInterval(() => slow.resume(), 500)
    await setTimeout(3 * STALLED_MS)
    clearInterval(taking)
    assert.equal(isEnded, false)
    assert.ok(bytes > 16 * 1024 * 1024)
  })
}

test('a connection that waited after a large answer is not taken for one that stalls', async () => {
  await using it = await world()
  const twice = 'GET /main.cvd HTTP/1.1\r\nRange: bytes=0-99999\r\n\r\n'
  const socket = connect(it.server.port, it.server.host)
  let bytes = 0
  socket.on('data', (part) => {
    bytes += part.length
  })
  socket.write(twice)
  await setTimeout(STALLED_MS + 500)
  socket.write(twice)
  await setTimeout(500)
  socket.destroy()
  assert.ok(bytes > 200_000)
})

test('a client that closes its half behind its request is answered on both paths', async () => {
  await using it = await world()
  for (const [path, field] of [
    ['/main.cvd', 'Range: bytes=0-9\r\n'],
    ['/main.cvd', 'Content-Length: 0\r\nRange: bytes=0-9\r\n'],
    ['/local_big.bin', 'Range: bytes=0-9\r\n'],
  ]) {
    const socket = connect(it.server.port, it.server.host)
    socket.end(`GET ${path} HTTP/1.1\r\n${field}\r\n`)
    const parts: Buffer[] = []
    for await (const part of socket) parts.push(part)
    assert.match(
      Buffer.concat(parts).toString(),
      /^HTTP\/1\.1 206 [\s\S]*\r\n\r\nx{10}$/,
      `${path} ${field}`,
    )
  }
  const after = await exchange(it.server, 'HEAD /main.cvd HTTP/1.1\r\nConnection: close\r\n\r\n', {
    head: true,
  })
  assert.equal(after.answers[0]?.status, 200)
})
