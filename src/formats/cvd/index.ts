export { type BuildKind, type BuildRequest, buildDatabase } from './build.ts'
export { parseBuildTime, printBuildTime } from './build-time.ts'
export type { MemberHead, MemberSink } from './contents.ts'
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
export { isMemberName } from './member-name.ts'
export { printTarHeader, tarPadding } from './tar-header.ts'
export { TarReader } from './tar-reader.ts'
export type { AsyncDatabaseSigner, DatabaseSigner, DatabaseVerifier } from './verifier.ts'
