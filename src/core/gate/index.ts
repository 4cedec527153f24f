export { NOTIFY_USER, PEER_USER, UPLOAD_USER } from './accounts.ts'
export { mayRelease, type Releaser } from './bench.ts'
export type {
  DatabaseFacts,
  FileFacts,
  PatchFacts,
  PlainFileFacts,
  PlainSetFacts,
  SetFacts,
} from './facts.ts'
export { judge, type Verdict } from './judge.ts'
export { classify, memberBelongs, type SetFileName, uploadName } from './names.ts'
export { chainOf } from './patches.ts'
export { describeReason, type GateReason } from './reasons.ts'
