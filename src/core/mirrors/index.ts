export { mirrorAddress } from './address.ts'
export {
  APPLICATION_FIELDS,
  type Application,
  type ApplicationFault,
  type ApplicationField,
  applied,
  describeApplicationFault,
  type GivenApplication,
  type MirrorRules,
  parseApplication,
  twinFaults,
} from './application.ts'
export {
  describeStage,
  MIRROR_EVENTS,
  type MirrorEventKind,
  maySync,
  nextStage,
} from './life.ts'
export type {
  Downtime,
  MasterRecord,
  MirrorRecord,
  MirrorStage,
  Region,
  SigmakerRecord,
} from './record.ts'
export { DOWNTIME_MS_MAX, downtimeAt, type MirrorEvent, type RsyncLogin, step } from './step.ts'
export { asHost, asMail } from './typed.ts'
