export {
  describeShortfall,
  type Seen,
  type Shortfall,
  shortfall,
  type Wanted,
} from './acknowledge.ts'
export { type PushPolicy, retryDelayMs } from './policy.ts'
