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
  isPushTime,
} from './canary.ts'
export { type PushPolicy, retryDelayMs } from './policy.ts'
