export { signerOf, trustedPublishers, verifiersOf } from './join.ts'
export { signLater } from './sign-later.ts'
