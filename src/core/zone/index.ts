export {
  type Disagreement,
  describeDisagreement,
  disagreements,
  isSerialAfter,
  type ServerSight,
} from './agree.ts'
export {
  answerQuestion,
  type Choice,
  type FullAnswer,
  type ReasonedAnswer,
  reasonAbout,
} from './answer.ts'
export { DEFAULT_AUTHORITY, DEFAULT_ENGINE, DEFAULT_POLICY } from './defaults.ts'
export { dnsFile } from './dns-file.ts'
export {
  describeExplanation,
  type ExplainedAnswer,
  type ExplainedClient,
  type Explanation,
  explain,
} from './explain.ts'
export { RESERVED_LABELS } from './host-names.ts'
export { CLAMAV_NET } from './names.ts'
export {
  announcedOf,
  type EngineFacts,
  isSameZone,
  type KnownNetwork,
  type NotInZone,
  type ZoneFacts,
  zoneOfNetwork,
} from './network.ts'
export {
  contentDigest,
  decideSerial,
  type NamedContent,
  type SerialDecision,
  serialsCodec,
  type ZoneSerials,
} from './serials.ts'
export {
  ADDRESSES_MAX,
  type Announced,
  type AnswerPolicy,
  type Authority,
  type Host,
  type LastGood,
  RECORD_TTL_MAX,
  TTL_MAX,
  type ZoneSnapshot,
} from './snapshot.ts'
export {
  parseSnapshot,
  parseSnapshotOf,
  printSnapshot,
  type SnapshotFault,
} from './snapshot-json.ts'
export { staticRecords, staticSoa } from './static.ts'
export {
  alarmsOf,
  describeAlarm,
  refusedAnnouncement,
  succeed,
  type ZoneAlarm,
} from './succession.ts'
export { typesAt } from './types-at.ts'
export { updateRecordText } from './update-text.ts'
export {
  type ClientPlace,
  NOWHERE,
  type Rotating,
  wantedOf,
  type ZoneAnswer,
  ZoneView,
} from './view.ts'
