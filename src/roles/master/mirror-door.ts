import { isDeepStrictEqual } from 'node:util'
import { RsyncDaemon, type RsyncDaemonOptions } from '#adapters/rsync/index.ts'
import { type MasterRecord, type MirrorRecord, serviceOf } from '#core/mirrors/index.ts'

export type Login = RsyncDaemonOptions['logins'][number]

/**
 * Where mirrors pull: the rsync daemon, for as long as anybody has a login. Without one there is nobody to serve, and
 * rsync takes an empty list of logins for "everybody".
 */
export class MirrorDoor implements AsyncDisposable {
  readonly #options: Omit<RsyncDaemonOptions, 'logins'>
  #daemon: RsyncDaemon | undefined
  #logins: readonly Login[] = []
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: Omit<RsyncDaemonOptions, 'logins'>) {
    this.#options = options
  }

  /** Where it listens, or would. */
  get port(): number {
    return this.#daemon?.port ?? this.#options.port
  }

  /** From the next connection on these get in and nobody else. Throws `RsyncDaemonError`. */
  letIn(logins: readonly Login[]): Promise<void> {
    const turn = this.#turn.then(() => this.#letIn(logins))
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #letIn(logins: readonly Login[]): Promise<void> {
    if (logins.length === 0) {
      await this.#daemon?.[Symbol.asyncDispose]()
      this.#daemon = undefined
    } else if (this.#daemon === undefined) {
      this.#daemon = await RsyncDaemon.start({ ...this.#options, logins })
    } else if (!isDeepStrictEqual(logins, this.#logins)) {
      await this.#daemon.setLogins(logins)
    }
    this.#logins = logins
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn
    await this.#daemon?.[Symbol.asyncDispose]()
  }
}

/** A login is one mirror's or one master's: of two that claim it the first has it. */
export function loginsOf(
  mirrors: readonly MirrorRecord[],
  peers: readonly MasterRecord[] = [],
): readonly Login[] {
  const logins = new Map(
    peers.map(({ rsyncLogin }): [string, Login] => [rsyncLogin.user, rsyncLogin]),
  )
  for (const { stage, rsyncLogin } of mirrors) {
    if (rsyncLogin === undefined || !serviceOf({ stage }).login) continue
    const { user, password } = rsyncLogin
    if (!logins.has(user)) logins.set(user, { user, password })
  }
  return [...logins.values()]
}
