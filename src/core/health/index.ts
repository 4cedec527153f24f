export { type Condition, conditionOf } from './condition.ts'
export { DAYS_KEPT, dayOf } from './days.ts'
export { foldLook, type Look } from './fold.ts'
export { freshest, type Issued, lagMs } from './freshness.ts'
export { healthCodec } from './health-json.ts'
export {
  type HeldTransition,
  type Judgement,
  judgeMirrors,
  type NetworkFacts,
  type Transition,
  type Watched,
} from './judge.ts'
export { firstLookAt, nextLookAt } from './next-look.ts'
export { judgeObserver, type Observer } from './observer.ts'
export { HEALTH_POLICY, type HealthPolicy } from './policy.ts'
export { problemsOf, type StandingProblem } from './problems.ts'
export { chooseSample, type Sample } from './sample.ts'
export {
  type AddressHealth,
  DAY_STATES,
  type DayMark,
  type DayState,
  type MirrorHealth,
  SIGHT_FAULTS,
  type Sight,
  type SightFault,
} from './types.ts'
export { describeCondition, describeObserver, roughly } from './words.ts'
