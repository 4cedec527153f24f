export {
  copyDurably,
  isLeftover,
  linkOrCopy,
  neighbour,
  putInPlace,
  switchLink,
  syncFile,
  syncFolder,
  type WriteOptions,
  writeFileAtomic,
} from './atomic.ts'
export { DiskError, type DiskErrorCode, diskError, errnoOf } from './error.ts'
export { type FrozenFile, freeze, keepAside, takeOut } from './intake-folder.ts'
export { JournalFile } from './journal-file.ts'
export {
  type Publication,
  type PublishedTree,
  ReleaseFolder,
  type ReleaseFolderOptions,
} from './release-folder.ts'
