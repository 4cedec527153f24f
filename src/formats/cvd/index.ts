export {
  type BuildFields,
  type BuildKind,
  type BuildRequest,
  buildDatabase,
  COPYING_DEFAULT,
  headersToTry,
  isPublishable,
  makeInfo,
  outerHeader,
} from './build.ts'
export { parseBuildTime, printBuildTime } from './build-time.ts'
export { CanonicalGzip, GZIP_HEAD, GZIP_HEAD_OLD } from './canonical-gzip.ts'
export type { MemberHead, MemberSink } from './contents.ts'
export { type CountingEngine, SignatureCounter } from './count-signatures.ts'
export { describeCvdFault } from './describe.ts'
export {
  type Examination,
  type ExamineOptions,
  examineDatabase,
  examineOuter,
  type OuterExamination,
  type OuterOptions,
} from './examine.ts'
export { type CvdFault, type DatabaseKind, FAULTS_MAX } from './fault.ts'
export {
  buildTimesAgree,
  type CvdHeader,
  HEADER_BYTES,
  type HeaderFault,
  type HeaderReading,
  parseHeader,
  printHeader,
} from './header.ts'
export { IgnoredNames } from './ignored-names.ts'
export {
  type CvdInfo,
  type InfoFault,
  type InfoMember,
  parseInfo,
  printInfo,
  printInfoText,
  type ReadInfo,
} from './info.ts'
export { CVD_LIMITS, type CvdLimits } from './limits.ts'
export { COPYING, INFO_SUFFIX, isMemberName, selectMembers } from './member-name.ts'
export { type PackedMember, packMembers } from './pack.ts'
export { printTarHeader, tarPadding } from './tar-header.ts'
export { TarReader } from './tar-reader.ts'
export type { AsyncDatabaseSigner, DatabaseSigner, DatabaseVerifier } from './verifier.ts'
