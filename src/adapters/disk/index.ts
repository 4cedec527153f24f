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
