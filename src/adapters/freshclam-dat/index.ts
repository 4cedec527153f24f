export {
  describeRemembered,
  openFreshclamDat,
  type RememberedBy,
  writeFreshclamDat,
} from './file.ts'
