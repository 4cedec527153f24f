export {
  describeMakePatchFault,
  type MakePatchFault,
  makePatchFile,
  type PatchRequest,
} from './make-patch-file.ts'
export { makePatchInWorker, PatchMakerError } from './worker-request.ts'
