import type { DbName } from '#base/names.ts'
import type { EpochSeconds } from '#base/time.ts'
import type { ServerWalk } from '#core/update/index.ts'
import type { PublisherKeys } from '#formats/dsig/index.ts'
import type { Servers } from '#formats/freshclam-conf/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { DatabaseServer } from '#ports/database-server.ts'
import type { Network } from './network.ts'

export interface Voice {
  print(line: string): void
  complain(line: string): void
}

/** Why the engine would not load a file that is not in place yet; undefined: it would, or nobody can tell. */
export type EngineTest = (file: string) => Promise<string | undefined>

export interface UpdateWorld {
  /** Where the scanner loads from. */
  readonly directory: string
  readonly servers: Exclude<Servers, { readonly kind: 'none' }>
  readonly databases: readonly DbName[]
  readonly customUrls: readonly URL[]
  /** Tries at one server that does not answer. */
  readonly attemptsMax: number
  /** Beside ClamAV, for databases that are not ClamAV's. */
  readonly publishers: readonly PublisherKeys[]
  /** The network's root metadata; undefined: its manifest is not looked at. */
  readonly networkRoot?: string | undefined
  readonly server: DatabaseServer
  /** First string of a TXT record; undefined: there is none. Rejects when the resolver fails. */
  readonly resolveTxt: (name: string) => Promise<string | undefined>
  readonly engineTest: EngineTest
  readonly clock: Clock
  readonly voice: Voice
}

export interface UpdateRun extends UpdateWorld {
  readonly walk: ServerWalk
  /** What servers did wrong; told when others did better. */
  readonly troubles: string[]
  /** Signed databases of other publishers, which stock engines do not load. */
  readonly signedFolder: string
  readonly network: Network | undefined
  /** Of this run alone, on the file system of `directory`. */
  readonly scratch: string
  readonly now: EpochSeconds
  readonly signal: AbortSignal
}
