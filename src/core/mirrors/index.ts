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
