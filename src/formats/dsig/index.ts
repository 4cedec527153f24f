export { CLAMAV_KEYS } from './clamav-keys.ts'
export { describeSignatureFault, type SignatureFault } from './fault.ts'
export {
  describeKeyFault,
  type KeyFault,
  parsePublisherKeys,
  parsePublisherSecrets,
  printPublisherKeys,
  printPublisherSecrets,
} from './key-file.ts'
export { describeLostZeros } from './lost-zeros.ts'
export { signMd5, verifyMd5 } from './md5.ts'
export {
  EXPONENTS,
  KEY_ROLES,
  type KeyRole,
  MODULUS_BITS,
  type PublisherKeys,
  type PublisherSecrets,
  publicKeys,
} from './publisher.ts'
export type { RsaPrivateKey, RsaPublicKey } from './rsa.ts'
export { beginsWithZero, SALT_BYTES, signSha256, verifySha256 } from './sha256.ts'
export { parseSignatureText, printSignatureText } from './signature-text.ts'
