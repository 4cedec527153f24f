export {
  describeReload,
  type NotThere,
  type ReloadOptions,
  type ReloadOutcome,
  reloadClamd,
  reloadClamdOf,
} from './reload.ts'
