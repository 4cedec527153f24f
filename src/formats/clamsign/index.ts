export type { Certificate } from './certificate.ts'
export type { ChainFault } from './chain.ts'
export {
  describeBadReason,
  describeCannotTryReason,
  describeClamsignVerdict,
  describeSignFault,
} from './describe.ts'
export {
  appendSignature,
  CLAMSIGN_CHARS_MAX,
  type ClamsignFile,
  type ClamsignFileFault,
  type ClamsignLine,
  parseClamsign,
  printClamsign,
} from './file.ts'
export {
  type DatabaseExtension,
  parseSignFileName,
  type SignTarget,
  signFileName,
  signTarget,
} from './names.ts'
export { type SignFault, type SignOptions, signClamsign } from './sign.ts'
export {
  type CertificateFile,
  describeTrustFault,
  readCertificate,
  readTrustedCertificates,
  type TrustedCertificates,
  type TrustFault,
} from './trust.ts'
export {
  type BadReason,
  type CannotTryReason,
  type ClamsignOptions,
  type ClamsignVerdict,
  FIRST_CLAMSIGN_LEVEL,
  verifyClamsign,
} from './verify.ts'
export { verifyClamsignForAll } from './verify-all.ts'
