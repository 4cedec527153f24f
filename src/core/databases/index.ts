export { signerOf, trustedPublishers, verifiersOf } from './join.ts'
