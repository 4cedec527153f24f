export { openStore, type StorePlace } from './open.ts'
