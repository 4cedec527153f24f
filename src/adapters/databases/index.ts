export { DatabaseFileError, type DatabaseFileErrorCode } from './database-file-error.ts'
export {
  type ExamineFileOptions,
  examineFile,
  examineFileOuter,
  kindOfFile,
} from './examine-file.ts'
export type { WrittenFile } from './legacy-draft.ts'
export {
  type LegacyRefusal,
  type LegacyRequest,
  type LegacyResult,
  type LegacySide,
  makeLegacy,
} from './make-legacy.ts'
export { readPieces } from './read-file.ts'
export { unpackFile } from './unpack-file.ts'
