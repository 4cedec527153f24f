export {
  type BuildFault,
  type BuildFileRequest,
  type BuiltFile,
  buildFile,
  describeBuildFault,
  fromDisk,
} from './build-file.ts'
export { cannot, DatabaseFileError, type DatabaseFileErrorCode } from './database-file-error.ts'
export { DatabaseDraft, type Payload, type PayloadOptions } from './draft.ts'
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
export { type FolderFault, type FolderSurvey, surveyFolder } from './survey-folder.ts'
export { unpackFile } from './unpack-file.ts'
