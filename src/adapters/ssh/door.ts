/**
 * The listening ssh server. Sockets are counted and timed here, before ssh2 sees them; what a connection may do is in
 * guest.ts. One credential opens one thing (promise 8), and the policy says which.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2 from 'ssh2'
import type { SshDoor, SshDoorPolicy, SshPublicKey } from '#ports/ssh-door.ts'
import { doorError, systemCode } from './errors.ts'
import type { OnSshDoorEvent } from './events.ts'
import { Guest, type House } from './guest.ts'
import { loadOrMakeKey } from './keys.ts'
import {
  CLOSE_TIMEOUT_MS,
  CONNECTIONS_MAX,
  CONNECTIONS_PER_ADDRESS_MAX,
  KEEPALIVE_INTERVAL_MS,
  LEAVE_TIMEOUT_MS,
  LOGIN_TIMEOUT_MS,
} from './limits.ts'

export interface SshDoorOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Made on first start. */
  readonly hostKeyFile: string
  readonly policy: SshDoorPolicy
  readonly onEvent?: OnSshDoorEvent
  /** Until a caller has logged in. */
  readonly loginTimeoutMs?: number
}

/**
 * No SHA-1, no CBC, no Diffie-Hellman below 3072 bits. chacha20 is left out because ssh2 computes it in WebAssembly,
 * OpenSSH would prefer it, and every client that knows it knows AES as well. Compression is left out because what
 * travels here is compressed already, and unpacking a stranger's stream costs memory.
 */
export const ALGORITHMS = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256'],
  compress: ['none'],
} satisfies ssh2.Algorithms

/** Opens the door. Throws `SshDoorError` when the port or the host key cannot be had. */
export async function startSshDoor(options: SshDoorOptions): Promise<SshDoor> {
  const key = await loadOrMakeKey(options.hostKeyFile, 'cvdnet host key')
  const door = new Door(options, key.privateKey, key.publicKey)
  await door.listen(options.host, options.port)
  return door
}

class Door implements SshDoor {
  readonly host: string
  readonly hostKey: SshPublicKey
  port = 0
  readonly #listener: Server
  readonly #ssh: ssh2.Server
  readonly #closing = new AbortController()
  readonly #guests = new Map<string, { readonly guest: Guest; readonly socket: Socket }>()
  readonly #perAddress = new Map<string, number>()
  readonly #works = new Set<Promise<void>>()
  readonly #house: House
  readonly #onEvent: OnSshDoorEvent

  constructor(options: SshDoorOptions, privateKey: string, hostKey: SshPublicKey) {
    this.host = options.host
    this.hostKey = hostKey
    this.#onEvent = options.onEvent ?? (() => {})
    this.#house = {
      policy: options.policy,
      loginTimeoutMs: options.loginTimeoutMs ?? LOGIN_TIMEOUT_MS,
      closing: this.#closing.signal,
      onEvent: this.#onEvent,
      track: (work) => this.#track(work),
    }
    this.#ssh = new ssh2.Server({
      hostKeys: [privateKey],
      ident: 'cvdnet',
      algorithms: ALGORITHMS,
      keepaliveInterval: KEEPALIVE_INTERVAL_MS,
    })
    this.#ssh.on('error', () => {})
    this.#ssh.on('connection', (connection, info) => {
      this.#guests.get(`${info.ip} ${info.port}`)?.guest.greet(connection)
    })
    this.#listener = createServer((socket) => this.#arrive(socket))
  }

  async listen(host: string, port: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#listener.once('error', reject)
    this.#listener.listen({ host, port }, resolve)
    try {
      await promise
    } catch (error) {
      const code = systemCode(error) === 'EADDRINUSE' ? 'port-taken' : 'broken'
      throw doorError(code, `listen for ssh on "${host}" port ${port}`, error)
    }
    this.#listener.removeListener('error', reject)
    // Accepting may fail for lack of descriptors; the listener itself goes on.
    this.#listener.on('error', () => {})
    const address = this.#listener.address()
    if (address !== null && typeof address === 'object') this.port = address.port
  }

  #arrive(socket: Socket): void {
    const { remoteAddress, remotePort } = socket
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy()
      return
    }
    const name = `${remoteAddress} ${remotePort}`
    const here = this.#perAddress.get(remoteAddress) ?? 0
    if (this.#guests.size >= CONNECTIONS_MAX || here >= CONNECTIONS_PER_ADDRESS_MAX) {
      socket.on('error', () => {})
      socket.destroy()
      this.#onEvent({ kind: 'dropped', from: remoteAddress, why: 'too-many-connections' })
      return
    }
    this.#perAddress.set(remoteAddress, here + 1)
    this.#guests.set(name, { guest: new Guest(socket, this.#house), socket })
    socket.once('close', () => {
      this.#guests.delete(name)
      const left = (this.#perAddress.get(remoteAddress) ?? 1) - 1
      if (left > 0) this.#perAddress.set(remoteAddress, left)
      else this.#perAddress.delete(remoteAddress)
    })
    this.#ssh.injectSocket(socket)
  }

  #track(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => {
        const wrapped = error instanceof Error ? error : new Error(String(error))
        this.#onEvent({ kind: 'run-failed', from: 'unknown', error: wrapped })
      })
      .finally(() => this.#works.delete(done))
    this.#works.add(done)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    this.#listener.close(() => resolve())
    this.#closing.abort(new Error('The ssh door closes'))
    await within(CLOSE_TIMEOUT_MS, Promise.all([...this.#works]))
    // A caller whose run has just ended hangs up by himself; cut off earlier, his ssh reports 255 instead of the status.
    await within(LEAVE_TIMEOUT_MS, closed)
    for (const { socket } of this.#guests.values()) socket.destroy()
    await closed
  }
}

/** Waits for the work, but no longer than this. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const patience = new AbortController()
  await Promise.race([work, sleep(ms, undefined, { signal: patience.signal }).catch(() => {})])
  patience.abort()
}
