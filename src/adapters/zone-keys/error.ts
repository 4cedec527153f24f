export class ZoneKeyError extends Error {
  override readonly name = 'ZoneKeyError'
  /** `busy`: another command changes the folder. */
  readonly code: 'key-file-exposed' | 'bad-key-file' | 'unreadable' | 'no-active-key' | 'busy'

  constructor(code: ZoneKeyError['code'], action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

/** For a catch: the fault with what caused it. */
export function unreadable(action: string, cause: unknown): ZoneKeyError {
  return new ZoneKeyError('unreadable', action, { cause })
}
