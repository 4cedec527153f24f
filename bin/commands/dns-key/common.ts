import { systemClock } from '#adapters/system/index.ts'
import { readZoneKeys, ZoneKeyError } from '#adapters/zone-keys/index.ts'
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
  const { zone, dns } = await readSettings(config)
  const folder = dns?.dnssec?.keys
  if (folder === undefined) {
    throw new CommandEnd(EXIT.usage, `"${config}" has no [dns.dnssec], so the zone has no keys`)
  }
  const keys = await readZoneKeys(folder, zone).catch((error: unknown) => {
    if (!(error instanceof ZoneKeyError) || error.code === 'unreadable') throw error
    throw new CommandEnd(EXIT.refused, error.message, { cause: error })
  })
  return { zone, folder, keys, now: toSeconds(systemClock.now()) }
}
