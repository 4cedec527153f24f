export {
  applyPatchFile,
  describePatchFileFault,
  PatchError,
  type PatchFileFault,
  type PatchFileOptions,
  readPatchFile,
} from './apply-patch-file.ts'
export { diffFolders, type UnpackedVersion } from './diff-folders.ts'
export { DiskFolder } from './folder.ts'
export { membersIn } from './member-set.ts'
