export { AnnouncedRelease } from './announced-release.ts'
export { openStore, type StorePlace } from './open.ts'
