import { join } from 'node:path'
import type { ProxyOptions } from '#adapters/database-server/index.ts'
import type { DbName } from '#base/names.ts'
import type { Habit } from '#core/gate/index.ts'
import type { MirrorRecord, SigmakerRecord } from '#core/mirrors/index.ts'
import type { PushPolicy } from '#core/push/index.ts'
import type { EngineFacts } from '#core/zone/index.ts'
import type { PublisherKeys, PublisherSecrets } from '#formats/dsig/index.ts'
import type { UploadLimits } from '#ports/ssh-door.ts'
import type { Store } from '#ports/store.ts'
import type { PushEvent } from './push-line.ts'

/** What a master is told by its settings. */
export interface MasterOptions {
  readonly name: string
  readonly zone: string
  /** What `dns.txt` tells besides versions. */
  readonly engine?: EngineFacts
  /** Everything the master keeps lies below this folder. */
  readonly state: string
  /** Where mirrors and the other masters reach this one. */
  readonly address: string
  readonly ssh: { readonly host: string; readonly port: number }
  readonly rsync: { readonly host: string; readonly port: number }
  /** Name of the rsync module, `clamavdb` everywhere in this field. */
  readonly module: string
  readonly releasesKept: number
  readonly uploadLimits: UploadLimits
  readonly push: PushPolicy
  /** How often `timestamp` is renewed and pushed (R110). */
  readonly timestampEveryMs: number
  /** Whose databases are accepted. ClamAV's are anyway; it is here when there is more to say about it. */
  readonly publishers: readonly MasterPublisher[]
  /** Folder of the network's signing keys and its `root.json`. */
  readonly networkKeys: string
  /** Taken into the registry at the start, those whose names it does not know; after that the registry holds. */
  readonly sigmakers: readonly SigmakerRecord[]
  readonly mirrors: readonly MirrorRecord[]
  /** Somebody else's databases that it follows. */
  readonly upstream?: UpstreamOptions | undefined
  /** What it shares with the other roles and masters. Whoever opened it closes it. */
  readonly store: Store
  /** How long a release waits for the store, or for another master. */
  readonly storePatienceMs?: number
  /** Things an operator should see and that have no caller to be told to. */
  readonly onEvent?: (line: string) => void
  /** Sees every push as it goes, whoever asked for it. */
  readonly onPush?: (mirror: string, event: PushEvent) => void
}

export interface UpstreamOptions {
  /** Base addresses. */
  readonly servers: readonly string[]
  readonly databases: readonly DbName[]
  /** Name of the TXT record that is asked first. */
  readonly updateRecord: string | undefined
  readonly everyMs: number
  /** User-Agent. Undefined: our own, with `version`. */
  readonly agent: string | undefined
  /** Of this program. */
  readonly version: string
  readonly proxy: ProxyOptions | undefined
  /** `address:port` of each. Absent: those of the system. */
  readonly resolvers?: readonly string[]
}

export interface MasterPublisher {
  readonly keys: PublisherKeys
  /** With them this master makes the patches that a set does not bring. */
  readonly secrets?: PublisherSecrets
  /** Folder of the certificates that the publisher's clients trust; without one no `.sign` is accepted. */
  readonly certs?: string
  readonly always: readonly Habit[]
}

/** Files of a master's state that others are told about before it runs. */
export function masterFiles(state: string): {
  readonly hostKey: string
  readonly triggerKey: string
  /** Where triggers come in that another ssh server took. */
  readonly notifySocket: string
} {
  return {
    hostKey: join(state, 'ssh_host_ed25519_key'),
    triggerKey: join(state, 'trigger_ed25519_key'),
    notifySocket: join(state, 'notify.sock'),
  }
}
