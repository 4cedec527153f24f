export { makeNetworkKeys } from './keys.ts'
export { TufSigner } from './signer.ts'
export { parseTargets, rootVersionIn, rootVersionOf, TufVerifier } from './verifier.ts'
