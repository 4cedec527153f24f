/** One message to one address, ready to go. Text is plain; headers are made of it by the adapter. */
export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
  /** With the angle brackets: `<…@zone>`. */
  readonly messageId: string
  /** Message-IDs of the thread so far, the first one first. */
  readonly references: readonly string[]
  /** When it was written, which may be long before it is sent. */
  readonly at: Date
}

export type MailErrorCode =
  /** Nobody there, or not now: try again. */
  | 'away'
  /** The server will never take this one. */
  | 'refused'

export class MailError extends Error {
  override readonly name = 'MailError'
  readonly code: MailErrorCode

  constructor(code: MailErrorCode, action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

/** Hands a message to the mail system. Resolves when it has taken it over; throws `MailError`. */
export interface Mailer {
  send(mail: Mail, signal: AbortSignal): Promise<void>
}
