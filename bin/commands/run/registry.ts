import { isIP } from 'node:net'
import type { EpochMs } from '#base/time.ts'
import type { MirrorRecord, SigmakerRecord } from '#core/mirrors/index.ts'
import type { MirrorEntry, SigmakerSettings } from '#formats/cvdnet-toml/index.ts'
import { readSecret } from './secrets.ts'

/** What stands in the settings, as the registry keeps it. */

export async function mirrorRecord(entry: MirrorEntry, now: EpochMs): Promise<MirrorRecord> {
  const { rsyncLogin, ...rest } = entry
  const password = await readSecret(rsyncLogin.password, `the password of ${entry.name}`)
  return {
    ...rest,
    stage: 'listed',
    stageSince: now,
    stageReason: "named in a master's settings",
    addresses: isIP(entry.host) === 0 ? [] : [entry.host],
    aliases: [],
    rsyncLogin: { user: rsyncLogin.user, password },
    downtimes: [],
    push: { bandwidthKbit: undefined, window: undefined },
  }
}

export function sigmakerRecord(settings: SigmakerSettings): SigmakerRecord {
  return { ...settings, mail: undefined }
}
