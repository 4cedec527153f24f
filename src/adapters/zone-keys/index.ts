export { ZoneKeyError } from './error.ts'
export { newZoneKey, readSigningKeys, readZoneKeys, writeZoneKey } from './folder.ts'
export { lockZoneKeys, type ZoneKeyLock } from './lock.ts'
export { keysStamp, watchZoneKeys, type ZoneKeyWatch } from './watch.ts'
