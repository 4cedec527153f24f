export {
  type CheckedPatch,
  checkPatch,
  describePatchCheckFault,
  type PatchCheckFault,
} from './check.ts'
export { makePatch } from './make.ts'
