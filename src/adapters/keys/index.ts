export { drawSalt, KeyError, newPublisherSecrets } from './new-publisher.ts'
