import type { EpochSeconds } from '#base/time.ts'

/** What a name server tells everybody about the zone. */
export interface NameServerSight {
  /** Of its SOA. */
  readonly serial: number
  /** The other fields of its SOA, as a zone file has them. */
  readonly authority: string
  /** Whom it names as name servers of the zone, in the order of their code units. */
  readonly nameServers: readonly string[]
  /** Text of `current.cvd`; undefined: there is none. */
  readonly record: string | undefined
  readonly seenAt: EpochSeconds
}

export class NameServerLookError extends Error {
  override readonly name = 'NameServerLookError'
  /** `lame`: it answers, but not as a server of this zone. */
  readonly code: 'silent' | 'lame' | 'nonsense'

  constructor(code: NameServerLookError['code'], action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

/** Asks a name server as any resolver would. Throws `NameServerLookError`, or the signal's reason. */
export interface NameServerLook {
  look(
    server: { readonly host: string; readonly port: number },
    zone: string,
    signal: AbortSignal,
  ): Promise<NameServerSight>
}
