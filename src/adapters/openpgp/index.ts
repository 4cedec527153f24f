export { OpenPgpError, type OpenPgpErrorCode } from './error.ts'
export { NetworkPgpKey } from './network-key.ts'
export { type SignatureFault, verifyDetached } from './verify.ts'
