import { connect } from 'node:net'
import ssh2 from 'ssh2'
import { ALGORITHMS } from './door.ts'
import { fingerprint } from './keys.ts'
import { LineSplitter } from './text.ts'

export type SigmakerClientErrorCode =
  | 'unreachable'
  | 'host-key-changed'
  | 'login-refused'
  | 'upload-refused'
  | 'broken'

export class SigmakerClientError extends Error {
  override readonly name = 'SigmakerClientError'
  readonly code: SigmakerClientErrorCode

  constructor(code: SigmakerClientErrorCode, action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

/** A master as a sigmaker knows it. */
export interface SigmakerLogin {
  readonly host: string
  readonly port: number
  /** Pinned: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string
  /** Text of the sigmaker's private key. */
  readonly privateKey: string
}

const LOGIN_TIMEOUT_MS = 20_000
const FOLDER = 'public_html'

/**
 * What a sigmaker does by hand with rsync and ssh (R92–R94), for machines that have neither: upload by sftp, then
 * notify and listen.
 */
export class SigmakerClient {
  readonly #login: SigmakerLogin

  constructor(login: SigmakerLogin) {
    this.#login = login
  }

  /** Puts files into the sigmaker's folder under the given names. Throws `SigmakerClientError`. */
  async upload(
    user: string,
    files: readonly { readonly path: string; readonly as: string }[],
    signal: AbortSignal,
  ): Promise<void> {
    await using session = await this.#connect(user, signal)
    const sftp = await new Promise<ssh2.SFTPWrapper>((resolve, reject) => {
      session.client.sftp((error, wrapper) => (error ? reject(error) : resolve(wrapper)))
    })
    for (const { path, as } of files) {
      await new Promise<void>((resolve, reject) => {
        sftp.fastPut(path, `${FOLDER}/${as}`, (error) => (error ? reject(error) : resolve()))
      }).catch((cause: unknown) => {
        const why = cause instanceof Error ? `: ${cause.message}` : ''
        throw new SigmakerClientError('upload-refused', `upload "${path}" as "${as}"${why}`, {
          cause,
        })
      })
      signal.throwIfAborted()
    }
  }

  /** Triggers the release and relays what the master says. Resolves to its exit status; null if it ended without. */
  async notify(
    user: string,
    onLine: (line: string, to: 'out' | 'err') => void,
    signal: AbortSignal,
  ): Promise<number | null> {
    await using session = await this.#connect(user, signal)
    return await new Promise((resolve, reject) => {
      session.client.exec('sleep 1', (error, channel) => {
        if (error) {
          reject(new SigmakerClientError('broken', 'notify the master', { cause: error }))
          return
        }
        const out = new LineSplitter((line) => onLine(line, 'out'))
        const err = new LineSplitter((line) => onLine(line, 'err'))
        let status: number | null = null
        channel.on('data', (bytes: Uint8Array) => out.feed(bytes))
        channel.stderr.on('data', (bytes: Uint8Array) => err.feed(bytes))
        channel.on('exit', (code: number | null) => {
          status = code
        })
        channel.on('close', () => {
          out.end()
          err.end()
          resolve(status)
        })
        channel.end()
      })
    })
  }

  async #connect(user: string, signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted()
    const { host, port, privateKey } = this.#login
    const client = new ssh2.Client()
    const socket = connect({ host, port, noDelay: true })
    const session = new Session(client, socket, signal)
    let otherKey: Uint8Array | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        client.once('ready', () => resolve())
        client.once('error', reject)
        client.once('close', () => reject(new Error('The connection was closed')))
        client.connect({
          sock: socket,
          username: user,
          privateKey,
          readyTimeout: LOGIN_TIMEOUT_MS,
          authHandler: ['publickey'],
          algorithms: ALGORITHMS,
          hostVerifier: (key: Buffer) => {
            const good = key.equals(Buffer.from(this.#login.hostKey.split(' ')[1] ?? '', 'base64'))
            if (!good) otherKey = key
            return good
          },
        })
      })
    } catch (cause) {
      await session[Symbol.asyncDispose]()
      signal.throwIfAborted()
      throw this.#loginError(user, cause, otherKey)
    }
    client.on('error', () => {})
    return session
  }

  #loginError(user: string, cause: unknown, otherKey: Uint8Array | undefined): SigmakerClientError {
    const { host, port, hostKey } = this.#login
    const where = `log in as "${user}" at ${host} port ${port}`
    if (otherKey !== undefined) {
      const keys = `its host key was ${fingerprint(hostKey)} and is ${fingerprint(otherKey)}`
      return new SigmakerClientError('host-key-changed', `${where}: ${keys}`, { cause })
    }
    const why = cause instanceof Error ? cause.message : String(cause)
    const level = cause instanceof Error && 'level' in cause ? cause.level : undefined
    const code =
      level === 'client-authentication'
        ? 'login-refused'
        : level === 'client-socket'
          ? 'unreachable'
          : 'broken'
    return new SigmakerClientError(code, `${where}: ${why}`, { cause })
  }
}

/** One connection; it ends when it is disposed or the signal is aborted. */
class Session implements AsyncDisposable {
  readonly client: ssh2.Client
  readonly #socket: ReturnType<typeof connect>
  readonly #signal: AbortSignal
  readonly #cut = () => this.#socket.destroy()

  constructor(client: ssh2.Client, socket: ReturnType<typeof connect>, signal: AbortSignal) {
    this.client = client
    this.#socket = socket
    this.#signal = signal
    signal.addEventListener('abort', this.#cut, { once: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#cut)
    this.client.end()
    this.#socket.destroySoon()
  }
}
