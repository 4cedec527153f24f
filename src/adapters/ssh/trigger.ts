/**
 * Tells a mirror to pull: one ssh connection, one command, its lines as they come. The command's text is a fixed word
 * that no mirror obeys; who called is what counts (R50, R94). Host keys are pinned (R85). In-process, because starting
 * an OpenSSH client costs 35 ms of CPU and this costs 8.
 */
import { connect } from 'node:net'
import ssh2 from 'ssh2'
import {
  type Trigger,
  type TriggerEnd,
  TriggerError,
  type TriggerErrorCode,
  type TriggerTarget,
} from '#ports/trigger.ts'
import { ALGORITHMS } from './door.ts'
import { fingerprint } from './keys.ts'
import { LineSplitter } from './text.ts'

/** What the historical script is called; a forced command runs whatever is sent. */
const COMMAND_WORD = 'clam-clientsync'
/** Guess: a far mirror's TCP and ssh handshakes take about one second. */
const CONNECT_TIMEOUT_MS = 20_000
/** Of a mirror's report. More is dropped: a hostile mirror does not fill the master's memory. */
const LINES_KEPT_MAX = 2000
/** Signs of life during a long silent sync; three unanswered ones end it. */
const KEEPALIVE_INTERVAL_MS = 15_000

export interface SshTriggerOptions {
  /** Text of the master's key file (`loadOrMakeKey`). */
  readonly privateKey: string
  /** Until the mirror has let us in. The whole run ends by the caller's signal. */
  readonly connectTimeoutMs?: number
}

type PullOptions = Parameters<Trigger['pull']>[1]

export class SshTrigger implements Trigger {
  readonly #privateKey: string
  readonly #connectTimeoutMs: number

  constructor(options: SshTriggerOptions) {
    this.#privateKey = options.privateKey
    this.#connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS
  }

  async pull(target: TriggerTarget, options: PullOptions): Promise<TriggerEnd> {
    options.signal.throwIfAborted()
    const call = new Call(target, options)
    const aborted = (): void => call.cancel(options.signal.reason)
    options.signal.addEventListener('abort', aborted, { once: true })
    try {
      return await call.run(this.#privateKey, this.#connectTimeoutMs)
    } finally {
      options.signal.removeEventListener('abort', aborted)
      call.close()
    }
  }
}

/** Host key algorithms, those of the pinned key first, so that a server with several keys shows that one. */
export function hostKeyAlgorithms(pinned: string): ssh2.ServerHostKeyAlgorithm[] {
  const type = pinned.split(' ')[0] ?? ''
  const known: readonly ssh2.ServerHostKeyAlgorithm[] = [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ]
  const fits = (name: string): boolean =>
    type === 'ssh-rsa' ? name.startsWith('rsa-') : name === type
  return [...known.filter(fits), ...known.filter((name) => !fits(name))]
}

/** One call to one mirror. */
class Call {
  readonly #target: TriggerTarget
  readonly #options: PullOptions
  readonly #client = new ssh2.Client()
  readonly #end = Promise.withResolvers<TriggerEnd>()
  readonly #lines: string[] = []
  #socket: ReturnType<typeof connect> | undefined
  #timer: NodeJS.Timeout | undefined
  #status: number | null = null
  #stage: 'connecting' | 'greeting' | 'admitted' = 'connecting'
  #otherKey: Uint8Array | undefined

  constructor(target: TriggerTarget, options: PullOptions) {
    this.#target = target
    this.#options = options
  }

  run(privateKey: string, connectTimeoutMs: number): Promise<TriggerEnd> {
    const { host, sshPort, user, hostKey } = this.#target
    const socket = connect({ host, port: sshPort, noDelay: true })
    this.#socket = socket
    socket.once('connect', () => {
      this.#stage = 'greeting'
    })
    this.#timer = setTimeout(() => {
      this.#fail('timed-out', new Error(`No login within ${connectTimeoutMs} ms`))
    }, connectTimeoutMs)
    this.#client
      .on('ready', () => this.#admitted())
      .on('error', (error) => this.#broken(error))
      .on('close', () => this.#closed())
    try {
      this.#client.connect({
        sock: socket,
        username: user,
        privateKey,
        readyTimeout: 0,
        keepaliveInterval: KEEPALIVE_INTERVAL_MS,
        authHandler: ['publickey'],
        algorithms: { ...ALGORITHMS, serverHostKey: hostKeyAlgorithms(hostKey) },
        hostVerifier: (key: Buffer) => this.#isPinned(key),
      })
    } catch (error) {
      this.#fail('broken', error)
    }
    return this.#end.promise
  }

  cancel(reason: unknown): void {
    if (reason instanceof Error && reason.name === 'TimeoutError') this.#fail('timed-out', reason)
    else this.#end.reject(reason)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#client.end()
    this.#socket?.destroySoon()
  }

  #isPinned(key: Buffer): boolean {
    const [, pinned = ''] = this.#target.hostKey.split(' ')
    if (key.equals(Buffer.from(pinned, 'base64'))) return true
    this.#otherKey = key
    return false
  }

  #admitted(): void {
    clearTimeout(this.#timer)
    this.#stage = 'admitted'
    // A connection that closes meanwhile has its end told by `#closed`; to call over it throws.
    this.#options
      .onAdmitted()
      .then(() => this.#call())
      .catch((error: unknown) => this.#fail('broken', error))
  }

  #call(): void {
    this.#client.exec(COMMAND_WORD, (error, channel) => {
      if (error !== undefined) {
        this.#fail('broken', error)
        return
      }
      this.#relay(channel)
    })
  }

  #relay(channel: ssh2.ClientChannel): void {
    const splitters = [channel, channel.stderr].map((stream) => {
      const splitter = new LineSplitter((line) => this.#line(line))
      stream.on('data', (bytes: Uint8Array) => splitter.feed(bytes))
      stream.on('error', () => {})
      return splitter
    })
    channel.on('exit', (status: number | null) => {
      this.#status = status
    })
    channel.on('close', () => {
      for (const splitter of splitters) splitter.end()
      this.#end.resolve({ status: this.#status, lines: this.#lines })
    })
    channel.end()
  }

  #line(line: string): void {
    if (this.#lines.length >= LINES_KEPT_MAX) return
    this.#lines.push(line)
    this.#options.onLine(line)
  }

  #broken(error: Error & ssh2.ClientErrorExtensions): void {
    if (this.#otherKey !== undefined) {
      const [was, is] = [fingerprint(this.#target.hostKey), fingerprint(this.#otherKey)]
      this.#fail('host-key-changed', new Error(`Host key was ${was} and is ${is}`))
    } else if (error.level === 'client-authentication') this.#fail('login-refused', error)
    else if (this.#stage === 'connecting') this.#fail('unreachable', error)
    // Once we are in, the connection's end is the run's end: whoever waits gets a status of null.
    else if (this.#stage === 'greeting') this.#fail('broken', error)
  }

  #closed(): void {
    if (this.#stage === 'admitted') this.#end.resolve({ status: this.#status, lines: this.#lines })
    else this.#fail(this.#stage === 'connecting' ? 'unreachable' : 'broken', undefined)
  }

  #fail(code: TriggerErrorCode, cause: unknown): void {
    const { name, host, sshPort } = this.#target
    const why = cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : ''
    const action = `trigger "${name}" at ${host} port ${sshPort}${why}`
    this.#end.reject(new TriggerError(code, action, { cause }))
  }
}
