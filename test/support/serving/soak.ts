/**
 * Clients that ask without end while releases change and the server is killed under them. Every byte of a release is
 * its number, so whoever gets a mixture sees it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { switchLink } from '#adapters/disk/index.ts'
import { freePort } from '../../../dev/demo/layout.ts'

export interface SoakReport {
  readonly answers: number
  readonly cut: number
  readonly releases: number
  readonly kills: number
  /** What must not be. */
  readonly wrong: readonly string[]
  readonly peakMib: number
  /** Of the server, when all clients have gone. */
  readonly openFiles: number
}

export interface SoakOptions {
  readonly folder: string
  readonly seconds: number
  readonly clients: number
  readonly releaseEveryMs: number
  readonly killEveryMs: number
  readonly workers: number
}

const BIG_BYTES = 6 * 1024 * 1024
/** Threads that share two cores with their clients load the newest within some seconds. */
const TREES_KEPT = 20
const PATHS = ['/timestamp', '/daily.cvd', '/daily-1.cdiff', '/timestamp', '/nothing'] as const
/** Clients of a killed server come back a little later, as real ones do. */
const AGAIN_MS = 20
const WRONG_MAX = 20

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const world = new World(options, await freePort(['127.0.0.1']))
  await world.release()
  await world.start()
  const stop = AbortSignal.timeout(options.seconds * 1000)
  const all = [
    world.releasing(stop),
    world.killing(stop),
    ...Array.from({ length: options.clients }, (_, at) => world.asking(at, stop)),
  ]
  await Promise.all(all)
  return await world.end()
}

class World {
  readonly #options: SoakOptions
  readonly #port: number
  readonly #wrong: string[] = []
  #server: ChildProcess | undefined
  #answers = 0
  #cut = 0
  #releases = 0
  #kills = 0
  #peakMib = 0

  constructor(options: SoakOptions, port: number) {
    this.#options = options
    this.#port = port
  }

  async start(): Promise<void> {
    const script = join(import.meta.dirname, 'soak-server.ts')
    const { folder, workers } = this.#options
    const server = fork(script, [String(this.#port), folder, String(workers)])
    this.#server = server
    const ended = once(server, 'exit').then(([status]) => {
      throw new Error(`The server ended at its start, with status ${status}`)
    })
    await Promise.race([once(server, 'message'), ended])
    ended.catch(() => {})
  }

  async release(): Promise<void> {
    const number = this.#releases + 1
    const tree = join(this.#options.folder, 'trees', String(number))
    await mkdir(tree, { recursive: true })
    const letter = letterOf(number)
    await writeFile(join(tree, 'daily.cvd'), Buffer.alloc(BIG_BYTES, letter))
    await writeFile(join(tree, 'daily-1.cdiff'), Buffer.alloc(20_000, letter))
    await writeFile(join(tree, 'timestamp'), letter.repeat(40))
    await switchLink(join(this.#options.folder, 'current'), `trees/${number}`)
    this.#releases = number
    await rm(join(this.#options.folder, 'trees', String(number - TREES_KEPT)), {
      recursive: true,
      force: true,
    })
  }

  async releasing(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await pause(this.#options.releaseEveryMs, stop)
      if (!stop.aborted) await this.release()
    }
  }

  async killing(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await pause(this.#options.killEveryMs, stop)
      if (stop.aborted || this.#server === undefined) return
      this.#peakMib = Math.max(this.#peakMib, await peakOf(this.#server))
      const gone = once(this.#server, 'exit')
      this.#server.kill('SIGKILL')
      await gone
      this.#kills += 1
      await this.start()
    }
  }

  /** One client: connections one after the other, some requests on each. */
  async asking(at: number, stop: AbortSignal): Promise<void> {
    for (let round = at; !stop.aborted; round += 1) {
      const wanted = Array.from(
        { length: 1 + (round % 4) },
        (_, n) => PATHS[(round + n) % PATHS.length] ?? '/',
      )
      const socket = connect(this.#port, '127.0.0.1')
      socket.on('error', () => {})
      const isWhole = await this.#talk(socket, wanted).catch((error: unknown) => {
        this.#complain(String(error))
        return false
      })
      socket.destroy()
      if (isWhole) continue
      this.#cut += 1
      await pause(AGAIN_MS, stop)
    }
  }

  /** False when the connection ended before all answers were there, which is nobody's fault. */
  async #talk(socket: Socket, paths: readonly string[]): Promise<boolean> {
    const letters = new Set<string>()
    const answers = new Answers(socket)
    for (const path of paths) {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
      const answer = await answers.next()
      if (answer === undefined) return false
      this.#answers += 1
      const { status, body, isLast } = answer
      if (path === '/nothing' ? status !== 404 : status !== 200)
        this.#complain(`${path}: ${status}`)
      else if (status === 200) {
        const letter = String.fromCharCode(body[0] ?? 0)
        letters.add(letter)
        if (!body.equals(Buffer.alloc(body.length, letter))) this.#complain(`${path} is a mixture`)
      }
      if (isLast) break
    }
    if (letters.size > 1) this.#complain(`one connection saw releases ${[...letters].join(', ')}`)
    return true
  }

  #complain(what: string): void {
    if (this.#wrong.length < WRONG_MAX) this.#wrong.push(what)
  }

  async end(): Promise<SoakReport> {
    const server = this.#server
    if (server?.pid === undefined) throw new Error('Cannot end a soak that has no server')
    await setTimeout(300)
    const openFiles = (await readdir(`/proc/${server.pid}/fd`)).length
    const peakMib = Math.max(this.#peakMib, await peakOf(server))
    const gone = once(server, 'exit')
    server.kill('SIGTERM')
    await gone
    return {
      answers: this.#answers,
      cut: this.#cut,
      releases: this.#releases,
      kills: this.#kills,
      wrong: this.#wrong,
      peakMib,
      openFiles,
    }
  }
}

interface Answer {
  readonly status: number
  readonly body: Buffer
  readonly isLast: boolean
}

/** Answers of one connection, one after the other. */
class Answers {
  readonly #parts: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.#parts = socket[Symbol.asyncIterator]()
  }

  async next(): Promise<Answer | undefined> {
    let end = -1
    while (end < 0) {
      end = this.#rest.indexOf('\r\n\r\n')
      if (end < 0 && !(await this.#more())) return undefined
    }
    const head = this.#rest.subarray(0, end).toString('latin1')
    const bytes = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
    const wanted = end + 4 + bytes
    const parts = [this.#rest]
    for (let have = this.#rest.length; have < wanted; ) {
      const part = await this.#read()
      if (part === undefined) return undefined
      parts.push(part)
      have += part.length
    }
    const all = Buffer.concat(parts)
    this.#rest = all.subarray(wanted)
    const isLast = /^connection: close$/im.test(head)
    return { status: Number(head.split(' ')[1]), body: all.subarray(end + 4, wanted), isLast }
  }

  async #more(): Promise<boolean> {
    const part = await this.#read()
    if (part === undefined) return false
    this.#rest = Buffer.concat([this.#rest, part])
    return true
  }

  async #read(): Promise<Buffer | undefined> {
    try {
      const { done, value } = await this.#parts.next()
      return done === true ? undefined : value
    } catch {
      // The server was killed.
      return undefined
    }
  }
}

function letterOf(release: number): string {
  return String.fromCharCode(97 + (release % 26))
}

async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal: stop }).catch(() => {})
}

async function peakOf(server: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
}
