import { StoreError, type StoreErrorCode } from '#ports/store.ts'

/**
 * SQLSTATE (PostgreSQL's appendix A) by code or by class of two letters. Connection, resources, an operator's stop and
 * our own time-outs are passing; a login that is refused is not. Others are ours: a bug.
 */
const CODE_OF: Readonly<Record<string, StoreErrorCode>> = {
  '08': 'away',
  '25006': 'away', // a standby, or a primary that was demoted: it only reads
  '25P03': 'away', // idle in transaction too long
  '28': 'refused',
  '3D000': 'refused', // no such database
  '42501': 'refused', // not allowed
  '53': 'away',
  '55P03': 'away', // lock_timeout
  '57': 'away',
  '58': 'away',
  XX001: 'damaged',
  XX002: 'damaged',
}

/** What the system and the client library call a connection that is not there. */
const GONE = /^(ECONN|EPIPE|ENOENT|ENOTFOUND|EAI_|EHOST|ENET|ETIMEDOUT|EACCES)/
const GONE_WORDS = /terminated|timeout|Connection ended|Client was closed|not queryable/i

/** The same failure in our words; what is not the world's doing is handed back as it is. */
export function storeError(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof StoreError) return cause
  const sqlState = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  const code = CODE_OF[sqlState] ?? CODE_OF[sqlState.slice(0, 2)]
  if (code === undefined && !GONE.test(sqlState) && !GONE_WORDS.test(cause.message)) return cause
  const words = cause.message === '' ? sqlState : cause.message
  return new StoreError(code ?? 'away', `use the store: ${words}`, { cause })
}
