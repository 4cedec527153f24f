export {
  describeFreshclamDatFault,
  FRESHCLAM_DAT_BYTES,
  type FreshclamDat,
  type FreshclamDatFault,
  parseFreshclamDat,
  printFreshclamDat,
} from './dat.ts'
