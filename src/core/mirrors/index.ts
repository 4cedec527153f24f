export type {
  Downtime,
  MasterRecord,
  MirrorRecord,
  MirrorStage,
  Region,
  SigmakerRecord,
} from './record.ts'
