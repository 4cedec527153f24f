export { makeNetworkKeys } from './keys.ts'
export { TufSigner } from './signer.ts'
export { TufVerifier } from './verifier.ts'
