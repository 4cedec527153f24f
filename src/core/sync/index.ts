export { type BundlePlan, type EarlierBundle, planBundle } from './bundle.ts'
export { type DatedContent, type DateInput, lastModifiedOf } from './dates.ts'
export { type Hidden, hiddenBy } from './exclude.ts'
export { compareHashes, compareNames, type ListingFault, manifestDigest } from './listing.ts'
export {
  DELETE_SHARE_MAX,
  DELETIONS_ALWAYS_ALLOWED,
  type Deletions,
  type HeldReason,
  type PublishInput,
  type PublishPlan,
  planPublish,
} from './plan-publish.ts'
export { describeHeld, describeSyncReason, mayBeMixed, type SyncReason } from './reasons.ts'
export {
  databasesToLeaveOut,
  describeNotRebuilt,
  describeRebuildEnd,
  type LeaveOutInput,
  type Need,
  type NeedInput,
  type NotRebuilt,
  needOf,
  REBUILD_BYTES_MIN,
  type RebuildEnd,
} from './rebuild.ts'
export {
  byStage,
  type DateRule,
  dateRule,
  isDatabase,
  isTrustFile,
  STAGES,
  type Stage,
  stageOf,
} from './stages.ts'
export { compareVersions, type KnownDatabase, learn, type VersionFault } from './versions.ts'
