import { systemClock } from '#adapters/system/index.ts'
import {
  lockZoneKeys,
  readZoneKeys,
  ZoneKeyError,
  type ZoneKeyLock,
} from '#adapters/zone-keys/index.ts'
import { type EpochSeconds, toSeconds } from '#base/time.ts'
import type { ZoneKey } from '#core/dnssec/index.ts'
import { CommandEnd, EXIT } from '../../io.ts'
import type { KeyFlags } from '../dns-key.ts'
import { readSettings } from '../run/settings.ts'

export interface KeyDesk {
  readonly zone: string
  readonly folder: string
  readonly keys: readonly ZoneKey[]
  readonly now: EpochSeconds
}

/** Where the keys are by the settings, and which there are. */
export async function openKeys({ config }: KeyFlags): Promise<KeyDesk> {
  const { zone, folder } = await placeOf(config)
  return await deskAt(zone, folder)
}

/** The same for whoever changes them: `change` runs while no other command does. */
export async function changeKeys(
  { config }: KeyFlags,
  doing: string,
  change: (desk: KeyDesk, lock: ZoneKeyLock) => Promise<void>,
): Promise<void> {
  const { zone, folder } = await placeOf(config)
  try {
    await using lock = await lockZoneKeys(folder, doing, systemClock.now())
    await change(await deskAt(zone, folder), lock)
  } catch (error) {
    refusedWhere(error)
  }
}

async function placeOf(
  config: string,
): Promise<{ readonly zone: string; readonly folder: string }> {
  const { zone, dns } = await readSettings(config)
  const folder = dns?.dnssec?.keys
  if (folder !== undefined) return { zone, folder }
  throw new CommandEnd(EXIT.usage, `"${config}" has no [dns.dnssec], so the zone has no keys`)
}

async function deskAt(zone: string, folder: string): Promise<KeyDesk> {
  const keys = await readZoneKeys(folder, zone).catch(refusedWhere)
  return { zone, folder, keys, now: toSeconds(systemClock.now()) }
}

function refusedWhere(error: unknown): never {
  if (!(error instanceof ZoneKeyError) || error.code === 'unreadable') throw error
  throw new CommandEnd(EXIT.refused, error.message, { cause: error })
}
