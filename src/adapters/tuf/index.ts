export { makeNetworkKeys } from './keys.ts'
export { TufSigner } from './signer.ts'
export { rootVersionOf, TufVerifier } from './verifier.ts'
