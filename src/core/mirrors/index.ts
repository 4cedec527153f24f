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
  nextStage,
} from './life.ts'
export {
  type Downtime,
  type MasterRecord,
  MIRROR_STAGES,
  type MirrorRecord,
  type MirrorStage,
  REGIONS,
  type Region,
  type SigmakerRecord,
} from './record.ts'
export {
  masterCodec,
  mirrorCodec,
  type RegistrySnapshot,
  sigmakerCodec,
  snapshotCodec,
} from './record-json.ts'
export { serviceOf } from './service.ts'
export {
  type GivenSigmaker,
  keyTwin,
  parseSigmaker,
  parseSigmakerKeys,
} from './sigmaker.ts'
export { type StatisticsPlace, statisticsPlace } from './statistics-place.ts'
export {
  DOWNTIME_MS_MAX,
  downtimeAt,
  isInService,
  type MirrorEvent,
  type RsyncLogin,
  step,
} from './step.ts'
export { asHost, asMail } from './typed.ts'
