export { type SignFileFault, type SignFileRequest, signFile } from './sign-file.ts'
export { describeTrustFolderFault, readTrustFolder, type TrustFolderFault } from './trust-folder.ts'
export {
  type SignFileOptions,
  type SignFileVerdict,
  signPathOf,
  verifySignFile,
} from './verify-file.ts'
