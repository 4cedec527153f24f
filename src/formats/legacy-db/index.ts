export { checkLegacy, LEGACY_FAULTS_MAX, type LegacyCheck, type LegacyFault } from './check.ts'
export {
  CHECKSUM_CHARS_MAX,
  LEGACY_FILES,
  type LegacyFileNames,
  parseChecksum,
  printChecksum,
} from './checksum.ts'
export { LegacyConverter, type LegacyCounts, type LegacySource } from './convert.ts'
export {
  describeLegacyLineFault,
  LEGACY_LINE_BYTES_MAX,
  type LegacyLineFault,
  type LegacySignature,
  parseLegacyLine,
  printLegacyLine,
} from './line.ts'
