/**
 * The records that an old-style scp sends to `scp -t` (OpenSSH's scp.c, `sink`; there is no other specification):
 * `C0644 1234 daily.cvd` before a file's bytes, `T1700000000 0 1700000000 0` before that for its times,
 * `D0755 0 name` and `E` around a folder. Each is one line; each is answered by one byte.
 */
import { fail, type Outcome, ok } from '#base/outcome.ts'

export type ScpRecord =
  | { readonly kind: 'file'; readonly bytes: number; readonly name: string }
  | { readonly kind: 'times'; readonly mtime: number }
  | { readonly kind: 'folder' }
  | { readonly kind: 'folder-end' }
  /** The sender says that something went wrong at his end; `fatal` ends his run. */
  | { readonly kind: 'complaint'; readonly message: string; readonly fatal: boolean }

export type ScpFault = { readonly kind: 'bad-record'; readonly given: string }

/** A mode, a size and a name of 255 bytes fit many times over. */
export const SCP_RECORD_BYTES_MAX = 2048

const FILE = /^C[0-7]{3,5} (\d{1,15}) ([^/]+)$/
const TIMES = /^T(\d{1,10}) \d{1,9} \d{1,10} \d{1,9}$/
const FOLDER = /^D[0-7]{3,5} 0 .+$/

/** Reads one line, without its line end. */
export function parseScpRecord(line: string): Outcome<ScpRecord, ScpFault> {
  const [, bytes, name] = FILE.exec(line) ?? []
  if (bytes !== undefined && name !== undefined) {
    return ok({ kind: 'file', bytes: Number(bytes), name })
  }
  const [, mtime] = TIMES.exec(line) ?? []
  if (mtime !== undefined) return ok({ kind: 'times', mtime: Number(mtime) })
  if (FOLDER.test(line)) return ok({ kind: 'folder' })
  if (line === 'E') return ok({ kind: 'folder-end' })
  if (line.startsWith('\u0001') || line.startsWith('\u0002')) {
    return ok({ kind: 'complaint', message: line.slice(1), fatal: line.startsWith('\u0002') })
  }
  return fail({ kind: 'bad-record', given: line })
}

/** Go on. */
export const SCP_FINE: Uint8Array = Uint8Array.of(0)

/** This record failed; the sender goes on with the next and ends with status 1. */
export function scpError(message: string): Uint8Array {
  return Buffer.from(`\u0001scp: ${message}\n`, 'utf8')
}
