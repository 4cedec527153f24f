import { StoreError, type StoreErrorCode } from '#ports/store.ts'

/** Primary result codes (https://sqlite.org/rescode.html) that are the world's doing. Others are ours: a bug. */
const CODE_OF: Readonly<Record<number, StoreErrorCode>> = {
  3: 'away', // SQLITE_PERM
  5: 'away', // SQLITE_BUSY
  6: 'away', // SQLITE_LOCKED
  8: 'away', // SQLITE_READONLY
  10: 'away', // SQLITE_IOERR
  11: 'damaged', // SQLITE_CORRUPT
  13: 'away', // SQLITE_FULL
  14: 'away', // SQLITE_CANTOPEN
  15: 'away', // SQLITE_PROTOCOL
  23: 'away', // SQLITE_AUTH
  26: 'damaged', // SQLITE_NOTADB
}
const BUSY = 5

/** Extended codes carry the primary one in their low byte. */
export function primaryCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' ? code & 0xff : undefined
}

export function isBusy(error: unknown): boolean {
  return primaryCode(error) === BUSY
}

/** The same failure in our words; what is not the world's doing is handed back as it is. */
export function storeError(action: string, cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause
  const code = isClosed(cause) ? 'away' : CODE_OF[primaryCode(cause) ?? -1]
  return code === undefined ? cause : new StoreError(code, `${action}: ${cause.message}`, { cause })
}

/** Somebody else's failure closed the connection meanwhile. */
function isClosed(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_INVALID_STATE'
}
