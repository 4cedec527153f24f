export type DatabaseFileErrorCode =
  | 'not-found'
  | 'not-a-file'
  | 'unreadable'
  | 'folder-exists'
  | 'changed-meanwhile'
  | 'unwritable'

/** The disk said no. What a file's bytes say is never an error but a fault in the examination. */
export class DatabaseFileError extends Error {
  override readonly name = 'DatabaseFileError'
  readonly code: DatabaseFileErrorCode

  constructor(code: DatabaseFileErrorCode, action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

/** Keeps what happened underneath. */
export function cannot(
  code: DatabaseFileErrorCode,
  action: string,
  cause: unknown,
): DatabaseFileError {
  return new DatabaseFileError(code, action, { cause })
}

/** The system's own code of an error: `ENOENT`. */
export function systemCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
