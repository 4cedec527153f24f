/**
 * rsync's ways to fail, in our words. First what it said, because one exit status stands for several things
 * (a full disk is 11 like any file error, a wrong password 5 like an unknown module); then the status, as rsync(1)
 * lists them.
 */
import type { TransferErrorCode } from '#ports/transfer.ts'

export interface RsyncFailure {
  readonly code: TransferErrorCode
  readonly sentence: string
}

const BY_WORDS: readonly (readonly [RegExp, TransferErrorCode, string])[] = [
  [/No space left on device|Disk quota exceeded/, 'disk-full', 'no space is left on the disk here'],
  [/@ERROR: auth failed/, 'refused', 'the master does not accept this login and password'],
  [/@ERROR: access denied/, 'refused', 'the master does not admit this address'],
  [
    /@ERROR: max connections/,
    'refused',
    'the master serves as many mirrors as it can; it will take this one later',
  ],
  [
    /@ERROR: Unknown module|@ERROR: unknown module/,
    'no-such-module',
    'the master has no such module',
  ],
  [/Connection refused/, 'unreachable', 'nothing listens there'],
  [
    /Name or service not known|Temporary failure in name resolution|No address associated/,
    'unreachable',
    'the name of the master cannot be resolved',
  ],
  [/No route to host|Network is unreachable/, 'unreachable', 'there is no way to the master'],
  [/Connection timed out/, 'timed-out', 'the master does not answer'],
]

const BY_STATUS: Readonly<Record<number, readonly [TransferErrorCode, string]>> = {
  1: ['broken', 'this rsync does not know one of our options'],
  2: ['broken', 'the two rsyncs do not understand each other'],
  3: ['broken', 'rsync cannot use the staging folder'],
  4: ['broken', 'the master forbids one of our options'],
  5: ['refused', 'the master refused to serve us'],
  10: ['unreachable', 'the connection to the master failed'],
  11: ['broken', 'rsync could not read or write a file'],
  12: ['incomplete', 'the connection ended in the middle'],
  13: ['broken', 'rsync could not say what went wrong'],
  14: ['broken', 'the parts of rsync lost each other'],
  20: ['broken', 'rsync was stopped from outside'],
  21: ['broken', 'rsync lost a child process'],
  22: ['broken', 'rsync could not get memory'],
  23: ['incomplete', 'some files could not be transferred'],
  24: ['incomplete', 'files vanished on the master while they were read'],
  30: ['timed-out', 'the master stopped sending'],
  35: ['timed-out', 'the master does not answer'],
}

/** `status` is null when a signal ended rsync. `words` is its standard error. */
export function explainExit(status: number | null, words: string): RsyncFailure {
  for (const [pattern, code, sentence] of BY_WORDS) {
    if (pattern.test(words)) return { code, sentence }
  }
  if (status === null) return { code: 'broken', sentence: 'rsync was killed' }
  const known = BY_STATUS[status]
  if (known) return { code: known[0], sentence: known[1] }
  return { code: 'broken', sentence: `rsync ended with status ${status}` }
}
