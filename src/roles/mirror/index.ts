export { type Account, findAccount } from './account.ts'
export type { Changes } from './changes.ts'
export {
  type Mirror,
  MirrorError,
  type MirrorOptions,
  type SyncOptions,
  startMirror,
  syncOnce,
} from './compose.ts'
export { type Following, type FollowOptions, followMirrors } from './follow.ts'
export { InstallError } from './install.ts'
export { type Joined, type JoinOptions, type JoinPlace, joinMirror } from './join.ts'
export { type MadeBundle, makeBundle } from './make-bundle.ts'
export { SYNC_USER } from './masters-gate.ts'
export { SYNC_STATUS, type SyncEnd, type Voice } from './runner.ts'
