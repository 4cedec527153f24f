export { DatabaseFileError, type DatabaseFileErrorCode } from './database-file-error.ts'
export {
  type ExamineFileOptions,
  examineFile,
  examineFileOuter,
  kindOfFile,
} from './examine-file.ts'
export { readPieces } from './read-file.ts'
export { unpackFile } from './unpack-file.ts'
