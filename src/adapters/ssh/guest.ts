/**
 * One connection: login, then session channels. Everything that is not a session (forwarding of ports, sockets,
 * agents, X11) is refused by ssh2 because nobody listens for it; so are pseudo terminals and environment variables.
 */
import type { Socket } from 'node:net'
import type ssh2 from 'ssh2'
import type { SshAdmission, SshDoorPolicy } from '#ports/ssh-door.ts'
import type { Caller } from './caller.ts'
import { serveCommand } from './command.ts'
import type { DropReason, OnSshDoorEvent } from './events.ts'
import {
  CHANNELS_OPEN_MAX,
  CHANNELS_TOTAL_MAX,
  GOODBYE_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  LOGIN_ATTEMPTS_MAX,
  UNREAD_INPUT_BYTES_MAX,
} from './limits.ts'
import { decideLogin } from './login.ts'
import { serveUpload } from './upload.ts'

export interface House {
  readonly policy: SshDoorPolicy
  readonly loginTimeoutMs: number
  readonly closing: AbortSignal
  readonly onEvent: OnSshDoorEvent
  /** Remembers work that closing the door waits for. */
  track(work: Promise<void>): void
}

/** Keeps time for a socket from its first byte, before ssh2 has anything to say. */
export class Guest {
  readonly #socket: Socket
  readonly #house: House
  readonly #from: string
  readonly #gone = new AbortController()
  /** Aborted with the session or the connection, whichever ends first. */
  readonly #sessions = new Set<AbortController>()
  readonly #channels = new Set<ssh2.ServerChannel>()
  #timer: NodeJS.Timeout
  #attempts = 0
  #open = 0
  #total = 0

  constructor(socket: Socket, house: House) {
    this.#socket = socket
    this.#house = house
    this.#from = socket.remoteAddress ?? 'unknown'
    this.#timer = setTimeout(() => this.drop('login-timeout'), house.loginTimeoutMs)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      clearTimeout(this.#timer)
      this.#gone.abort()
      for (const over of this.#sessions) over.abort()
    })
  }

  drop(why: DropReason): void {
    this.#house.onEvent({ kind: 'dropped', from: this.#from, why })
    this.#socket.destroy()
  }

  /** Called by ssh2 once the caller has named his protocol. */
  greet(connection: ssh2.Connection): void {
    connection.on('error', () => this.#goodbye(connection))
    connection.on('end', () => this.#goodbye(connection))
    connection.on('authentication', (context) => this.#login(connection, context))
  }

  /** A caller who does not hang up after us is cut off. */
  #goodbye(connection: ssh2.Connection): void {
    connection.end()
    if (this.#gone.signal.aborted) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#socket.destroy(), GOODBYE_TIMEOUT_MS)
  }

  #login(connection: ssh2.Connection, context: ssh2.AuthContext): void {
    // Sent away already; what he still had under way gets no answer.
    if (this.#attempts >= LOGIN_ATTEMPTS_MAX) return
    const login = decideLogin(context, this.#house.policy)
    switch (login.kind) {
      case 'sign':
        context.accept()
        return
      case 'in':
        connection.on('session', (accept, reject) => {
          this.#session(accept, reject, login.user, login.admission)
        })
        this.#rest()
        context.accept()
        return
      case 'refused': {
        const { user, method, fingerprint } = login
        // Every OpenSSH client asks with "none" first, only to learn which ways there are.
        if (method !== 'none' || this.#attempts > 0) {
          this.#attempts += 1
          this.#house.onEvent({
            kind: 'login-refused',
            from: this.#from,
            user,
            method,
            fingerprint,
          })
        }
        context.reject(['publickey'])
        if (this.#attempts >= LOGIN_ATTEMPTS_MAX) {
          this.#house.onEvent({ kind: 'dropped', from: this.#from, why: 'too-many-attempts' })
          this.#goodbye(connection)
        }
        return
      }
    }
  }

  /** No channel is open: the idle time starts. */
  #rest(): void {
    clearTimeout(this.#timer)
    if (this.#gone.signal.aborted) return
    this.#timer = setTimeout(() => this.drop('idle'), IDLE_TIMEOUT_MS)
  }

  #session(
    accept: ssh2.AcceptConnection<ssh2.Session>,
    reject: ssh2.RejectConnection,
    user: string,
    admission: SshAdmission,
  ): void {
    this.#total += 1
    if (this.#total > CHANNELS_TOTAL_MAX) {
      this.drop('too-many-channels')
      return
    }
    if (this.#open >= CHANNELS_OPEN_MAX) {
      reject()
      return
    }
    this.#open += 1
    clearTimeout(this.#timer)
    const session = accept()
    const over = new AbortController()
    this.#sessions.add(over)
    session.on('error', () => {})
    session.on('close', () => {
      over.abort()
      this.#sessions.delete(over)
      this.#open -= 1
      if (this.#open === 0) this.#rest()
    })
    const caller: Caller = {
      from: this.#from,
      user,
      gone: over.signal,
      closing: this.#house.closing,
      onEvent: this.#house.onEvent,
      track: this.#house.track,
      watch: (channel) => this.#watch(channel, over.signal),
      drop: (why) => this.drop(why),
    }
    if (admission.kind === 'upload') serveUpload(session, admission, caller)
    else serveCommand(session, admission, caller)
  }

  /** ssh2 keeps whatever comes, also from a caller who sends more than he was allowed to. */
  #watch(channel: ssh2.ServerChannel, over: AbortSignal): void {
    if (this.#channels.size === 0) this.#socket.on('data', this.#checkChannels)
    this.#channels.add(channel)
    over.addEventListener('abort', () => this.#channels.delete(channel), { once: true })
  }

  readonly #checkChannels = (): void => {
    for (const channel of this.#channels) {
      if (channel.readableLength > UNREAD_INPUT_BYTES_MAX) this.drop('ignores-the-window')
    }
    if (this.#channels.size === 0) this.#socket.off('data', this.#checkChannels)
  }
}
