export { isOlderEngine } from './engine-age.ts'
export { boundedWait, quietUntil } from './left-alone.ts'
export { placeName, withoutLogin } from './place-name.ts'
export { type ClientPlan, clientPlan, notFollowed, type ProxyPlan } from './plan.ts'
export { readUpdateRecord, versionIn, versionOfRecord } from './record.ts'
export {
  type CustomEnd,
  type DatabaseEnd,
  describeCustomEnd,
  describeEnd,
  hasNews,
  leftAloneSeconds,
  type NotFetched,
  statusOf,
  type Updated,
  type UpdateReport,
} from './report.ts'
export { type Known, nextStep, type Step } from './step.ts'
export { isForStockEngines, publishersFor, successorsOf } from './trust.ts'
export { ServerWalk } from './walk.ts'
export { wantedDatabases } from './wanted.ts'
