import type { EpochSeconds } from '#base/time.ts'
import {
  parseUpdateRecord,
  printUpdateRecord,
  type UpdateRecord,
} from '#formats/update-record/index.ts'
import { inSteps } from './records.ts'
import type { Announced } from './snapshot.ts'
import { updateRecordText } from './update-text.ts'

/**
 * `dns.txt`: the update record in one line, as the zone's name servers tell it, for whoever cannot or will not ask them
 * (decision 3). `before` is the file that is public. What it tells is never taken back: a store that knows less, being
 * new or restored, leaves its versions (promise 2). Undefined: nothing was ever announced.
 */
export function dnsFile(
  before: string | undefined,
  announced: Announced | undefined,
  now: EpochSeconds,
): string | undefined {
  const createdAt = inSteps(now)
  const next = updateRecordText({ announced }, createdAt)
  const old = parseUpdateRecord((before ?? '').trimEnd())
  if (old.ok && isTakenBack(old.value, next)) {
    return `${printUpdateRecord({ ...old.value, createdAt })}\n`
  }
  return next === undefined ? undefined : `${next}\n`
}

/** A database that is no longer named is not lower: it was withdrawn (decision 14). */
function isTakenBack(before: UpdateRecord, next: string | undefined): boolean {
  if (next === undefined) return true
  const after = parseUpdateRecord(next)
  if (!after.ok) return true
  const isLower = (name: 'main' | 'daily' | 'bytecode') =>
    (after.value[name] ?? Number.POSITIVE_INFINITY) < (before[name] ?? 0)
  return isLower('main') || isLower('daily') || isLower('bytecode')
}
