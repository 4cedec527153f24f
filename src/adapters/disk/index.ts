export {
  copyDurably,
  isLeftover,
  linkOrCopy,
  neighbour,
  putInPlace,
  removeLeftovers,
  switchLink,
  syncFile,
  syncFolder,
  type WriteOptions,
  writeFileAtomic,
  writeNewFile,
} from './atomic.ts'
export { DiskError, type DiskErrorCode, diskError, errnoOf } from './error.ts'
export { type FrozenFile, freeze, keepAside, takeOut } from './intake-folder.ts'
export { JournalFile } from './journal-file.ts'
export { type FoundFile, type Listing, listFiles, sha256File } from './list-files.ts'
export { type HeldLock, type LockAttempt, type LockHolder, lockHolder, takeLock } from './lock.ts'
export { makeFolders } from './make-folders.ts'
export { type MirrorTree, MirrorTrees } from './mirror-trees.ts'
export { type PendingMark, PendingMarks } from './pending-marks.ts'
export { readIfThere } from './read-if-there.ts'
export { readStart } from './read-start.ts'
export {
  type Publication,
  type PublishedTree,
  ReleaseFolder,
  type ReleaseFolderOptions,
} from './release-folder.ts'
export { readTreePiece } from './tree-piece.ts'
