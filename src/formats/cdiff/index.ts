export { applyScript, type MemberFolder, type PatchFault } from './apply.ts'
export { type ComposeFault, composeScripts, type LineCounts } from './compose.ts'
export {
  CDIFF_BYTES_MAX,
  type Cdiff,
  type CdiffFault,
  parseCdiff,
  printCdiff,
  printSignedPart,
  SCRIPT_BYTES_MAX,
  SCRIPT_RATIO_MAX,
  signedDigest,
  unpackScript,
} from './container.ts'
export {
  describeCdiffFault,
  describeDiffFault,
  describePatchFault,
  describeScriptFault,
} from './describe.ts'
export { type DiffOptions, diffMembers, type MemberSet } from './diff.ts'
export type { DiffFault } from './diff-member.ts'
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
