export type OpenPgpErrorCode = 'no-gpg' | 'busy' | 'timed-out' | 'broken'

/** gpg could not do its work. What is wrong with a signature is a value, not this. */
export class OpenPgpError extends Error {
  override readonly name = 'OpenPgpError'
  readonly code: OpenPgpErrorCode

  constructor(code: OpenPgpErrorCode, action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}
