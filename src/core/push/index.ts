export {
  describeShortfall,
  type Seen,
  type Shortfall,
  shortfall,
  type Wanted,
} from './acknowledge.ts'
export {
  afterCanaries,
  CANARIES_MAX,
  CANARY_FROM_MIRRORS,
  type CanaryEnd,
  type CanaryStep,
  canaryOrder,
} from './canary.ts'
export { type PushPolicy, retryDelayMs } from './policy.ts'
export {
  isPushTime,
  minuteOfDay,
  type PushWindow,
  parsePushWindow,
  printPushWindow,
} from './window.ts'
