import type { Region } from '#base/region.ts'
import type { EpochMs } from '#base/time.ts'

export { REGIONS, type Region } from '#base/region.ts'

/**
 * Where a mirror stands in its life (R61–R62, R73–R76, R112–R113). A planned downtime is not a stage: it lies over
 * one, see `Downtime`. `removed` is the monitor's doing and ends by itself; `suspended` is the team's and does not.
 */
export const MIRROR_STAGES = [
  'applied',
  'checked',
  'credentials',
  'tested',
  'listed',
  'old',
  'removed',
  'suspended',
  'retired',
  'refused',
] as const
export type MirrorStage = (typeof MIRROR_STAGES)[number]

/** Planned by the operator (R83); nobody is warned about it, and the mirror leaves the answers meanwhile. */
export interface Downtime {
  readonly from: EpochMs
  readonly until: EpochMs
  readonly reason: string
}

/** What the registry knows about one mirror. What its operator typed is hostile text until escaped. */
export interface MirrorRecord {
  /** Also its rsync login and its host name below the zone. */
  readonly name: string
  readonly stage: MirrorStage
  readonly stageSince: EpochMs
  /** Why it stands there, in words that its operator reads. */
  readonly stageReason: string
  /** Where it is called by ssh. */
  readonly host: string
  /** Where clients find it: IPv4 and IPv6, each judged on its own. Literals in canonical form. */
  readonly addresses: readonly string[]
  readonly httpPort: number
  readonly sshPort: number
  /** Account that the trigger logs into. */
  readonly account: string
  /** Pinned. Undefined until it was first seen and confirmed. */
  readonly hostKey: string | undefined
  /** Host names besides the zone's that its web server answers for (R43). */
  readonly aliases: readonly string[]
  /** ISO 3166-1, two capital letters. */
  readonly country: string
  readonly region: Region
  readonly bandwidthMbit: number
  /** Mail address of its operator; undefined when he gave none. */
  readonly admin: string | undefined
  /** Issued with the kit. */
  readonly rsyncLogin:
    | {
        readonly user: string
        readonly password: string
        /** Of the same user, for `/local_stats/` (R77, decision 18). Undefined: issued before there was one. */
        readonly statisticsPassword?: string | undefined
      }
    | undefined
  readonly downtimes: readonly Downtime[]
  /** Limits for the push; absent: none. */
  readonly push: {
    readonly bandwidthKbit: number | undefined
    /** Minutes after midnight UTC between which it may be pushed to; wraps at midnight. */
    readonly window: { readonly from: number; readonly until: number } | undefined
  }
}

/** Who may release, and what (R88–R90). */
export interface SigmakerRecord {
  readonly name: string
  /** Public key lines without comments. */
  readonly keys: readonly string[]
  readonly databases: '*' | readonly string[]
  readonly mail: string | undefined
}

/** One of the masters, as all of them know it (R106). */
export interface MasterRecord {
  readonly name: string
  readonly host: string
  readonly sshPort: number
  readonly rsyncPort: number
  readonly module: string
  readonly hostKey: string
  /** The key that it calls mirrors and the other masters with. */
  readonly triggerKey: string
  /** With which it pulls from the other masters. */
  readonly rsyncLogin: { readonly user: string; readonly password: string }
  /** Said to be away by `cvdnet master out`: then the others work without it (decision 8). */
  readonly isOut: boolean
}
