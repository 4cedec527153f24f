export { FILE_CLASSES, type FileClass, fileClass } from './file-class.ts'
