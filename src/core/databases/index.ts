export { signerOf, trustedPublishers, verifiersOf } from './join.ts'
export { lostZerosOf } from './lost-zeros.ts'
export { signLater } from './sign-later.ts'
