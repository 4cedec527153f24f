export { NOTIFY_USER, PEER_USER, UPLOAD_USER } from './accounts.ts'
export { mayRelease, type Releaser } from './bench.ts'
export type {
  DatabaseFacts,
  FileFacts,
  PatchFacts,
  PlainFileFacts,
  PlainSetFacts,
  SetFacts,
  SignatureFacts,
} from './facts.ts'
export { HABITS, type Habit } from './habits.ts'
export { judge, type Verdict } from './judge.ts'
export { classify, memberBelongs, type SetFileName, uploadName } from './names.ts'
export { chainOf } from './patches.ts'
export { type PatchDue, patchesDue } from './patches-due.ts'
export { describeReason, type GateReason } from './reasons.ts'
export { signedName } from './signatures.ts'
