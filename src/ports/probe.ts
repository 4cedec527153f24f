import type { DbName, DbVersion, Generation, Serial } from '#base/names.ts'
import type { EpochSeconds } from '#base/time.ts'

/** Where a client would find a mirror. */
export interface ProbeTarget {
  readonly name: string
  readonly host: string
  readonly httpPort: number
}

/** What a client sees there now. */
export interface ProbeSight {
  readonly serial: Serial
  readonly generation: Generation
  readonly stampedAt: EpochSeconds
  /** Version in the header of each database that was asked for; undefined where none could be read. */
  readonly versions: ReadonlyMap<DbName, DbVersion | undefined>
}

export class ProbeError extends Error {
  override readonly name = 'ProbeError'
  readonly code: 'unreachable' | 'not-http' | 'no-timestamp' | 'timed-out'

  constructor(code: ProbeError['code'], action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

/** Looks at a mirror over HTTP, as a client would. Throws `ProbeError`. */
export interface Probe {
  look(target: ProbeTarget, databases: readonly DbName[], signal: AbortSignal): Promise<ProbeSight>
}
