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
export { classify, memberBelongs, type SetFileName } from './names.ts'
export { chainOf } from './patches.ts'
export { describeReason, type GateReason } from './reasons.ts'
