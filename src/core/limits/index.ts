export { FILE_CLASSES, type FileClass, fileClass } from './file-class.ts'
export { addressPrefix, identityOf, plainAddress, uuidOf } from './identity.ts'
export {
  judgeWhole,
  type Ledger,
  type LoopPolicy,
  type LoopVerdict,
  newLedger,
} from './ledger.ts'
export { SPEED_PRESETS, type Speeds } from './speeds.ts'
