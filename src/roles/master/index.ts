export { type Master, MasterError, startMaster } from './compose.ts'
export { type MasterMirror, type MasterOptions, masterFiles } from './options.ts'
export type { PushEvent } from './push-line.ts'
