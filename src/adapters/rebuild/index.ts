export {
  describePatchedFolderFault,
  type PatchedFolder,
  type PatchedFolderFault,
  type PatchedFolderRequest,
  patchedFolder,
} from './patched-folder.ts'
export {
  describeRebuildFault,
  patchFile,
  type RebuildFault,
  type RebuildRequest,
  type Rebuilt,
  rebuildFile,
} from './rebuild-file.ts'
export { rebuildInWorker } from './worker-request.ts'
