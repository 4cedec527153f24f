export {
  type Mirror,
  MirrorError,
  type MirrorOptions,
  SYNC_USER,
  type SyncOptions,
  startMirror,
  syncOnce,
} from './compose.ts'
export { InstallError } from './install.ts'
export { type Joined, type JoinOptions, type JoinPlace, joinMirror } from './join.ts'
export { SYNC_STATUS, type SyncEnd, type Voice } from './runner.ts'
