export { type Master, MasterError, startMaster } from './compose.ts'
export {
  type MasterOptions,
  type MasterPublisher,
  masterFiles,
  type UpstreamOptions,
} from './options.ts'
export type { PushEvent } from './push-line.ts'
