/** The time a file is served with: `dateRule` says which, this says how much. */
import { type EpochSeconds, epochSeconds } from '#base/time.ts'
import { dateRule } from './stages.ts'

export interface DatedContent {
  /** Lower-case hexadecimal. */
  readonly sha256: string
  readonly lastModified: EpochSeconds
}

export interface DateInput {
  readonly path: string
  readonly sha256: string
  /** As the master sent it. */
  readonly sentAt: EpochSeconds
  /** In the header, for what has one. */
  readonly builtAt: EpochSeconds | undefined
  /** What was served under that path until now. */
  readonly before: DatedContent | undefined
  readonly now: EpochSeconds
}

/**
 * Content that stays keeps its time. New content never gets an older time than what it replaces, also when the clock
 * was set back: a client that has the old one would be told that nothing is new.
 */
export function lastModifiedOf(input: DateInput): EpochSeconds {
  const { path, sha256, sentAt, builtAt, before, now } = input
  if (before?.sha256 === sha256) return before.lastModified
  switch (dateRule(path)) {
    case 'built':
      return builtAt ?? sentAt
    case 'as-sent':
      return sentAt
    case 'published':
      return before === undefined ? now : epochSeconds(Math.max(now, before.lastModified + 1))
  }
}
