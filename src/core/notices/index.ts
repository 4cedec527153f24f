export { type Duty, dutiesBetween, dutyLetter } from './duty.ts'
export { atomFeed, FEED_ENTRIES_MAX, isForEverybody } from './feed.ts'
export { type Letter, type ListName, oneLine, type Recipient } from './letter.ts'
export { letterCodec, problemCodec } from './letter-json.ts'
export { OUTBOX, type OutboxEntry, outboxEntries } from './outbox.ts'
export {
  NOTICE_POLICY,
  type NoticePolicy,
  type OpenProblem,
  type ProblemReview,
  problemId,
  reviewProblems,
} from './problem.ts'
export { type ReleasedDatabase, releasedBetween, releaseLetter } from './release.ts'
