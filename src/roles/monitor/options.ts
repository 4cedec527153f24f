import type { Serial } from '#base/names.ts'
import type { HealthPolicy } from '#core/health/index.ts'
import type { MirrorRecord } from '#core/mirrors/index.ts'
import type { NoticePolicy } from '#core/notices/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { MirrorCheck, Reference } from '#ports/mirror-check.ts'
import type { Store } from '#ports/store.ts'
import type { WatchedNameServers } from './name-servers.ts'

/** What a monitor works with: doors to the world, and policies. */
export interface MonitorWorld {
  /** In the journal and as holder of the lease. */
  readonly self: string
  readonly zone: string
  readonly store: Store
  readonly check: MirrorCheck
  readonly clock: Clock
  /** In [0, 1). */
  readonly draw: () => number
  readonly health: HealthPolicy
  readonly notices: NoticePolicy
  /** Looks under way at the same time. */
  readonly looksAtOnce: number
  readonly nameServers?: WatchedNameServers
  /** Every name that a mirror must answer for (R42–R43). */
  readonly hostsOf: (record: MirrorRecord) => readonly string[]
  /** Looks at the observer's own line: why it is cut, or undefined. */
  readonly checkOwnLine: (signal: AbortSignal) => Promise<string | undefined>
  /** Bytes of the newest release, where a master's tree is at hand. */
  readonly ownCopy?: (serial: Serial) => Reference['read']
  /** A line for whoever runs it. */
  readonly onEvent: (line: string) => void
}
