export type SigningServiceErrorCode =
  | 'unreachable'
  | 'timed-out'
  /** It answered, and not with a signature: wrong login, as a rule. */
  | 'refused'
  /** The signature is not one of the publisher's over what was asked. */
  | 'wrong-signature'
  /** What was to be asked cannot be said: a login with a colon. */
  | 'bad-request'

/** The service gave no signature. Messages never hold the password. */
export class SigningServiceError extends Error {
  override readonly name = 'SigningServiceError'
  readonly code: SigningServiceErrorCode

  constructor(code: SigningServiceErrorCode, action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}
