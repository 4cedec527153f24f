export { applyScript, type MemberFolder, type PatchFault } from './apply.ts'
export {
  CDIFF_BYTES_MAX,
  type Cdiff,
  type CdiffFault,
  parseCdiff,
  printSignedPart,
  SCRIPT_BYTES_MAX,
  SCRIPT_RATIO_MAX,
  signedDigest,
  unpackScript,
} from './container.ts'
export { describeCdiffFault, describePatchFault, describeScriptFault } from './describe.ts'
export { MemoryFolder } from './memory-folder.ts'
export { type CdiffName, cdiffName, parseCdiffName } from './name.ts'
export { additionsOf, editsOf, type SaidEdit } from './said.ts'
export {
  type EditStep,
  parseScript,
  type Script,
  type ScriptFault,
  type ScriptFaultKind,
  type Step,
} from './script.ts'
