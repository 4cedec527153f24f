export type DiskErrorCode = 'disk-full' | 'not-allowed' | 'vanished' | 'broken'

/** The disk said no. `disk-full` is told apart, because it is the one an operator can put right at once. */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly code: DiskErrorCode

  constructor(code: DiskErrorCode, action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

const CODE_OF: Readonly<Record<string, DiskErrorCode>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EFBIG: 'disk-full',
  EACCES: 'not-allowed',
  EPERM: 'not-allowed',
  EROFS: 'not-allowed',
  ENOENT: 'vanished',
}

/** What the system calls a failure (`ENOSPC`), or undefined where it was something else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** The same failure with our words: what was being done, and the system's reason. */
export function diskError(action: string, cause: unknown): DiskError {
  if (cause instanceof DiskError) return cause
  const errno = errnoOf(cause) ?? ''
  const code = CODE_OF[errno] ?? 'broken'
  const reason = code === 'disk-full' ? ': no space left on the disk' : errno && `: ${errno}`
  return new DiskError(code, `${action}${reason}`, { cause })
}
