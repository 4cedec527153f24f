export {
  type BroughtBy,
  describeFollowEnd,
  type FollowEnd,
  type FollowProblem,
  heldUntil,
  isFailing,
  problemOf,
  type RefusedContent,
  type Released,
  upstreamProblemKey,
} from './follow-end.ts'
export {
  emptyMemory,
  failingSince,
  isRefused,
  type UpstreamMemory,
  untilNextLook,
  upstreamMemoryCodec,
  withRefused,
  withResult,
} from './memory.ts'
