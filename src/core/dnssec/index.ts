export { denial, nextName } from './denial.ts'
export { describeSigning, explainSigning, type SigningExplanation } from './explain.ts'
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
} from './sign.ts'
export { heldAtLeastUntil, type Validity, validityOf } from './validity.ts'
