export { denial, nextName } from './denial.ts'
export {
  type KeyState,
  type KeyTimes,
  keyRecords,
  keyStateAt,
  NO_TIMES,
  nextChange,
  PRIVATE_KEY_BYTES,
  publishedKeys,
  signingKeys,
  stateSince,
  type ZoneKey,
  zoneKey,
} from './key.ts'
export {
  isKeyFileName,
  type KeyFileFault,
  keyFileName,
  parseKeyFile,
  printKeyFile,
} from './key-file.ts'
export { dnskeyLine, dsLine, parentLines } from './present.ts'
export { dnskeyData, dsData, keyTag, PUBLIC_KEY_BYTES, typeBitmap } from './rdata.ts'
export {
  DNSKEY_TTL_SECONDS,
  decideKeyAct,
  describeKeyRefusal,
  forceKeyAct,
  type KeyAct,
  type KeyRefusal,
  knownEverywhereAt,
  timesOfNewKey,
} from './rollover.ts'
export {
  type RecordSet,
  recordSets,
  type Signer,
  signerOf,
  signSet,
  type Validity,
} from './sign.ts'
