/** Where a mirror pulls from: one module of one master's rsync daemon, with the mirror's own login. */
export interface TransferSource {
  readonly host: string
  readonly port: number
  readonly module: string
  readonly user: string
  readonly password: string
}

export interface TransferOptions {
  /** A complete tree whose unchanged files are hard-linked instead of sent again. */
  readonly linkAgainst?: string
  /** Patterns in rsync's syntax that are neither fetched nor deleted. */
  readonly exclude: readonly string[]
  /**
   * Paths that another pull may bring, and this one does not; unless it was cut off in the middle of one, which it then
   * ends.
   */
  readonly later?: readonly string[]
  /** Compare content where length and time are equal: slower, for a second try after a tree that did not verify. */
  readonly byContent?: boolean
  /** KiB a second that it may take; undefined: what the line gives. */
  readonly bandwidthKib?: number | undefined
  readonly onLine: (line: string) => void
  readonly signal: AbortSignal
}

/** Brings a module's content into a folder. Throws `TransferError` when the world fails. */
export interface Transfer {
  pull(from: TransferSource, into: string, options: TransferOptions): Promise<void>
}

export type TransferErrorCode =
  | 'unreachable'
  | 'refused'
  | 'no-such-module'
  | 'timed-out'
  | 'incomplete'
  | 'disk-full'
  | 'too-large'
  | 'no-rsync'
  | 'broken'

export class TransferError extends Error {
  override readonly name = 'TransferError'
  readonly code: TransferErrorCode

  constructor(code: TransferErrorCode, action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}
