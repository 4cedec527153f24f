import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isListening } from '#adapters/system/index.ts'
import { printRsyncdConf, printSecrets, type Secret } from '#formats/rsyncd-conf/index.ts'
import { writeFileAtomic } from '../disk/index.ts'

export interface RsyncDaemonOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly module: string
  /** What the module shows. May be a link that is switched. */
  readonly path: string
  /** One login a mirror, and nobody else (R101–R102). */
  readonly logins: readonly Secret[]
  /** For its configuration, secrets (0600), lock, pid and log. */
  readonly folder: string
  readonly onEvent?: (event: RsyncDaemonEvent) => void
}

export type RsyncDaemonEvent =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'died'; readonly reason: string; readonly restartInMs: number }

export class RsyncDaemonError extends Error {
  override readonly name = 'RsyncDaemonError'
  readonly code: 'no-rsync' | 'bad-value' | 'port-taken' | 'died'

  constructor(code: RsyncDaemonError['code'], action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

const COMMAND = ['rsync', '--daemon', '--no-detach'] as const
const READY_TIMEOUT_MS = 10_000
const READY_LOOK_MS = 20
/** Two seconds for an orphan to end: one of asking, one of insisting. */
const ORPHAN_LOOKS = 100
/** A mirror holds one connection; the rest is slack for retries. Beyond it rsync answers "max connections". */
const CONNECTIONS_MAX = 200
/** rsync drops a client that moves nothing for this long. */
const IDLE_S_MAX = 120
const RESTART_MIN_MS = 200
const RESTART_MAX_MS = 30_000
/** A daemon that lived this long was well; the next restart is quick again. */
const WELL_AFTER_MS = 60_000

/**
 * The real rsync as a daemon, child of this process: it is started again when it dies, and ends with us
 * (R97, R100–R102). It reads its files at each connection, so new logins count at once.
 */
export class RsyncDaemon implements AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly #options: RsyncDaemonOptions
  #logins: readonly Secret[]
  readonly #stop = new AbortController()
  #child: ChildProcess | undefined
  #life: Promise<void> = Promise.resolve()

  private constructor(options: RsyncDaemonOptions, port: number) {
    this.host = options.host
    this.port = port
    this.#options = options
    this.#logins = options.logins
  }

  static async start(options: RsyncDaemonOptions): Promise<RsyncDaemon> {
    const port = options.port === 0 ? await freePort(options.host) : options.port
    const daemon = new RsyncDaemon(options, port)
    await endOrphan(daemon.#conf)
    await daemon.#writeFiles()
    await daemon.#spawn()
    daemon.#life = daemon.#keepAlive()
    return daemon
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get #conf(): string {
    return join(this.#options.folder, 'rsyncd.conf')
  }

  /** From the next connection on: rsync reads both of its files at each. A transfer under way is not cut. */
  async setLogins(logins: readonly Secret[]): Promise<void> {
    this.#logins = logins
    await this.#writeFiles()
  }

  async #writeFiles(): Promise<void> {
    const { folder, host, module, path } = this.#options
    const logins = this.#logins
    const asRoot = process.getuid?.() === 0
    const conf = printRsyncdConf({
      address: host,
      port: this.port,
      lockFile: join(folder, 'rsyncd.lock'),
      logFile: join(folder, 'rsyncd.log'),
      transferLogging: false,
      connectionsMax: CONNECTIONS_MAX,
      idleSecondsMax: IDLE_S_MAX,
      ...(asRoot ? { uid: 'root', gid: 'root' } : {}),
      module: {
        name: module,
        path,
        users: logins.map(({ user }) => user),
        secretsFile: join(folder, 'rsyncd.secrets'),
      },
    })
    const secrets = printSecrets(logins)
    if (!conf.ok) throw badValue(conf.fault)
    if (!secrets.ok) throw badValue(secrets.fault)
    await writeFileAtomic(join(folder, 'rsyncd.secrets'), secrets.value, { mode: 0o600 })
    await writeFileAtomic(this.#conf, conf.value, { mode: 0o600 })
  }

  async #spawn(): Promise<void> {
    // The kernel ends it when this process dies, however that happens: it must not go on serving an old release.
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...COMMAND, `--config=${this.#conf}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', TZ: 'UTC', LANG: 'C' },
    })
    this.#child = child
    let complaint = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2000)
    })
    let failed: Error | undefined
    child.on('error', (error) => {
      failed = error
    })
    const deadline = Date.now() + READY_TIMEOUT_MS
    while (!(await isListening(this.host, this.port)) || child.exitCode !== null) {
      if (failed !== undefined) {
        throw new RsyncDaemonError('no-rsync', 'start rsync: install it (apt-get install rsync)', {
          cause: failed,
        })
      }
      if (child.exitCode !== null || Date.now() > deadline) {
        child.kill()
        throw new RsyncDaemonError(
          'died',
          `start the rsync daemon on ${this.host}:${this.port}: ${complaint.trim() || 'it says nothing'}`,
        )
      }
      await wait(READY_LOOK_MS)
    }
    if (child.pid !== undefined) this.#options.onEvent?.({ kind: 'started', pid: child.pid })
  }

  async #keepAlive(): Promise<void> {
    let restartInMs = RESTART_MIN_MS
    while (!this.#stop.signal.aborted) {
      const bornAt = Date.now()
      const reason = await this.#end()
      if (this.#stop.signal.aborted) return
      restartInMs = Date.now() - bornAt > WELL_AFTER_MS ? RESTART_MIN_MS : restartInMs
      this.#options.onEvent?.({ kind: 'died', reason, restartInMs })
      await wait(restartInMs, undefined, { signal: this.#stop.signal }).catch(() => {})
      if (this.#stop.signal.aborted) return
      restartInMs = Math.min(restartInMs * 2, RESTART_MAX_MS)
      await this.#spawn().catch(() => {})
    }
  }

  async #end(): Promise<string> {
    const child = this.#child
    if (child === undefined) return 'it was not started'
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return `exit ${child.exitCode ?? child.signalCode}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('The master is stopping'))
    this.#child?.kill('SIGTERM')
    await this.#life
    await this.#end()
  }
}

/** A daemon with our configuration that is not our child: its master was killed where the kernel could not help. */
async function endOrphan(conf: string): Promise<void> {
  for (let look = 0; look < ORPHAN_LOOKS; look += 1) {
    const pids = await daemonsWith(conf)
    if (pids.length === 0) return
    for (const pid of pids) {
      try {
        process.kill(pid, look < ORPHAN_LOOKS / 2 ? 'SIGTERM' : 'SIGKILL')
      } catch {
        // It has ended already.
      }
    }
    await wait(READY_LOOK_MS)
  }
}

async function daemonsWith(conf: string): Promise<readonly number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue
    const words = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    if (words.split('\0').slice(0, -1).join('\0') === [...COMMAND, `--config=${conf}`].join('\0')) {
      found.push(Number(name))
    }
  }
  return found
}

function badValue(fault: unknown): RsyncDaemonError {
  return new RsyncDaemonError(
    'bad-value',
    `write the rsync daemon's configuration: ${JSON.stringify(fault)}`,
  )
}

/** rsync cannot take "any free port", so one is asked for and let go again. */
async function freePort(host: string): Promise<number> {
  await using server = createServer()
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
