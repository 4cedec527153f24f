export { HttpMirrorCheck, type HttpMirrorCheckOptions } from './mirror-check.ts'
export { type Anchor, checkOwnLine } from './own-line.ts'
export { HttpProbe, type HttpProbeOptions } from './probe.ts'
export { type FetchTotalsOptions, fetchTotals } from './totals.ts'
