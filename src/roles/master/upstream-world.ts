import type { Announcements, AskingRun } from '#adapters/database-server/index.ts'
import type { PublishedTree } from '#adapters/disk/index.ts'
import type { Releaser } from '#core/gate/index.ts'
import type { UpstreamMemory } from '#core/upstream/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { DatabaseServer } from '#ports/database-server.ts'
import type { SshCall } from '#ports/ssh-door.ts'
import type { Store } from '#ports/store.ts'
import type { MasterPublisher, UpstreamOptions } from './options.ts'
import type { DeskOutcome } from './release-desk.ts'

/** What a master follows an upstream with. */
export interface UpstreamWorld {
  readonly self: string
  /** Everything that is kept for it lies below this folder. */
  readonly folder: string
  readonly options: UpstreamOptions
  readonly publishers: readonly MasterPublisher[]
  readonly store: Pick<Store, 'jobs' | 'notices'>
  readonly clock: Clock
  readonly published: () => PublishedTree | undefined
  /** Makes public here what another master published. */
  readonly catchUp: () => Promise<unknown>
  /** The same way that a sigmaker's set goes. */
  readonly handIn: (releaser: Releaser, folder: string, call: SshCall) => Promise<DeskOutcome>
  readonly onEvent: (line: string) => void
}

/** One look at the upstream. */
export interface UpstreamRun extends AskingRun {
  readonly world: UpstreamWorld
  readonly server: DatabaseServer
  readonly announcements: Announcements
  readonly memory: UpstreamMemory
  /** A line that stays true while this master runs. */
  readonly sayOnce: (line: string) => void
  /** For downloads, which outlive the look when they break off. */
  readonly scratch: string
}
