export {
  fileFault,
  folderFault,
  type UploadFolderLimits,
  type UploadFolderUse,
  type UploadLimitFault,
} from './limits.ts'
export { isUploadInProgress, isUploadName, UPLOAD_NAME_CHARS_MAX } from './names.ts'
export {
  parseUploadTarget,
  resolveUploadPath,
  UPLOAD_FOLDER_NAME,
  type UploadPathFault,
  type UploadPlace,
  uploadPlacePath,
} from './path.ts'
export { uploadLimitText, uploadPathText, uploadRefusalText } from './sentences.ts'
export {
  parseUploadCommand,
  type UploadCommand,
  type UploadRefusal,
  type UploadTarget,
} from './upload-command.ts'
