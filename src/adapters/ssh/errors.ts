export type SshDoorErrorCode = 'port-taken' | 'bad-key-file' | 'key-file-exposed' | 'broken'

/** The door cannot be opened, or a key file cannot be used. */
export class SshDoorError extends Error {
  override readonly name = 'SshDoorError'
  readonly code: SshDoorErrorCode

  constructor(code: SshDoorErrorCode, action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

/** For a catch: the same error with what caused it. */
export function doorError(code: SshDoorErrorCode, action: string, cause: unknown): SshDoorError {
  return new SshDoorError(code, action, { cause })
}

/** The system's word for what went wrong (`ENOENT`, `ECONNREFUSED`), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
