/** A mirror's ssh door, as the master knows it. */
export interface TriggerTarget {
  readonly name: string
  readonly host: string
  readonly sshPort: number
  readonly user: string
  /** Pinned: `ssh-ed25519 AAAA…`. Another key in its place is a refusal, not a question (R85). */
  readonly hostKey: string
}

export type TriggerErrorCode =
  | 'unreachable'
  | 'host-key-changed'
  | 'login-refused'
  | 'timed-out'
  | 'broken'

export class TriggerError extends Error {
  override readonly name = 'TriggerError'
  readonly code: TriggerErrorCode

  constructor(code: TriggerErrorCode, action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

export interface TriggerEnd {
  /** Exit status of the sync that the trigger ran; null when the mirror's side ended without one. */
  readonly status: number | null
  readonly lines: readonly string[]
}

/** Tells a mirror to pull now. Throws `TriggerError`. */
export interface Trigger {
  pull(
    target: TriggerTarget,
    options: {
      /** Awaited once the mirror has let us in, before its sync starts: a master lets only so many sync at a time. */
      readonly onAdmitted: () => Promise<void>
      readonly onLine: (line: string) => void
      readonly signal: AbortSignal
    },
  ): Promise<TriggerEnd>
}
