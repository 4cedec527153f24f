import { type KeyTimes, NO_TIMES, type ZoneKey, zoneKey } from '#core/dnssec/index.ts'
import { NOW } from './zone.ts'

/** Key number `number`, the same each time. */
export function aZoneKey(number: number, times?: Partial<KeyTimes>): ZoneKey {
  const secret = new Uint8Array(32).fill(1)
  new DataView(secret.buffer).setUint32(28, number)
  const key = zoneKey(secret, { ...NO_TIMES, created: NOW, ...times })
  if (key === undefined) throw new Error(`Cannot make key ${number}`)
  return key
}
