import type { Settings } from '#formats/cvdnet-toml/index.ts'
import type { MetricSource } from '#ports/metric.ts'

/** One thing that a node runs, as its settings ask for it. */
export interface Role {
  readonly name: 'mirror' | 'master' | 'monitor' | 'metrics' | 'dns'
  /** All of the settings that it is made of. Undefined: it is not to run. */
  readonly wanted: (settings: Settings) => object | undefined
  /** Reads what the settings name besides. Throws `CommandEnd` while nothing has been touched yet. */
  readonly prepare: (settings: Settings) => Promise<Prepared>
}

export interface Prepared {
  /** What was read besides the settings, secrets among it: when it is another, the role is begun anew. */
  readonly madeOf?: unknown
  /** May be called again after what it made is disposed. */
  readonly begin: () => Promise<RunningRole>
}

export interface RunningRole extends AsyncDisposable {
  readonly metrics?: MetricSource
  /** Resolves at the end of what a stop would cut off. Undefined: there is nothing of the kind. */
  readonly underWay?: () => Promise<void> | undefined
  /** Resolves to the reason when it waited for something, and could not go on then. */
  readonly failed?: Promise<unknown>
  /** Follows other settings while it runs; undefined: it cannot, and has done nothing. */
  readonly change?: (settings: Settings) => Promise<RoleChanges | undefined>
}

/** What follows the new settings now, and what stays as it was, with the reason. */
export interface RoleChanges {
  readonly done: readonly string[]
  readonly left: readonly string[]
}
