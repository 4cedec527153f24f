/**
 * What waiting clients cost: 5,000 idle connections that were served once and stay, then 1,000 readers of a 64 MiB file
 * that read 1 KiB now and then. Wanted: under 200 MB resident in all. nginx with the same beside it.
 *
 *     node bench/serve-idle.ts [IDLE] [SLOW] [WORKERS]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { contenders, doubled } from './serve/contenders.ts'
import { family } from './serve/measure.ts'
import { makeTree, WHOLE } from './serve/tree.ts'

const [idle = 5_000, slow = 1_000, workers = 1] = process.argv.slice(2).map(Number)
const WANTED_MB = 200
/** Connections that are opened at a time: below any backlog. */
const AT_A_TIME = 100

const folder = mkdtempSync(join(tmpdir(), 'cvdnet-idle-'))
try {
  makeTree(join(folder, 'tree'))
  const all = workers === 1 ? await contenders(folder) : doubled(folder)
  for (const contender of all.slice(0, 2)) {
    await using server = await contender.start()
    const start = residentMb(server.pid)
    const sockets = await opened(server.port, idle, `HEAD /${WHOLE} HTTP/1.1\r\nHost: a\r\n\r\n`)
    const withIdle = residentMb(server.pid)
    const readers = await opened(server.port, slow, `GET /${WHOLE} HTTP/1.1\r\nHost: a\r\n\r\n`)
    let most = 0
    for (let second = 0; second < 6; second += 1) {
      for (const reader of readers) reader.read(1024)
      await setTimeout(1_000)
      most = Math.max(most, residentMb(server.pid))
    }
    const open = [...sockets, ...readers].filter((socket) => !socket.destroyed).length
    const verdict =
      contender.name !== 'ours'
        ? ''
        : most < WANTED_MB
          ? ` (holds, < ${WANTED_MB})`
          : ` (FAILS, < ${WANTED_MB})`
    console.log(
      `${contender.name.padEnd(6)} ${start.toFixed(0)} MB at the start, ${withIdle.toFixed(0)} with ${idle} idle, ${most.toFixed(0)} with ${slow} slow readers${verdict}; ${open} are open`,
    )
    for (const socket of [...sockets, ...readers]) socket.destroy()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function opened(port: number, count: number, request: string): Promise<readonly Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(AT_A_TIME, count - sockets.length) }, () => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(request)
      return socket
    })
    await Promise.all(
      some.map((socket) => new Promise((resolve) => socket.once('readable', resolve))),
    )
    sockets.push(...some)
  }
  return sockets
}

function residentMb(pid: number): number {
  return family(pid).reduce((sum, each) => {
    const status = readFileSync(`/proc/${each}/status`, 'utf8')
    return sum + (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024) / 1e6
  }, 0)
}
