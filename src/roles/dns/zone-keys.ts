import {
  keysStamp,
  readSigningKeys,
  watchZoneKeys,
  ZoneKeyError,
} from '#adapters/zone-keys/index.ts'
import { type EpochSeconds, epochSeconds, rfc3339, toSeconds } from '#base/time.ts'
import {
  type KeyState,
  keyStateAt,
  signingKeys,
  stateSince,
  type ZoneKey,
} from '#core/dnssec/index.ts'
import type { DnsOptions } from './options.ts'

/** Plain, for JSON. */
export interface DnssecStatus {
  readonly keys: readonly {
    readonly tag: number
    readonly state: KeyState
    readonly since: string
  }[]
  /** When the first of the signatures that may be sent ends; null: nobody asked for one yet. */
  readonly signaturesUntil: string | null
}

/** The keys that a node signs with, as their folder has them. */
export class ZoneKeys {
  readonly #options: DnsOptions
  readonly #folder: string
  readonly #zone: string
  readonly #stamp: string
  #keys: readonly ZoneKey[]
  #fault: string | undefined

  private constructor(
    options: DnsOptions,
    folder: string,
    zone: string,
    stamp: string,
    keys: readonly ZoneKey[],
  ) {
    this.#options = options
    this.#folder = folder
    this.#zone = zone
    this.#stamp = stamp
    this.#keys = keys
  }

  /** Undefined: the zone is not signed. Throws `ZoneKeyError` where it should be and cannot. */
  static async load(options: DnsOptions, zone: string): Promise<ZoneKeys | undefined> {
    const { dnssec, clock, onEvent } = options
    if (dnssec === undefined) return undefined
    // Before the keys: what changes between the two is read again.
    const stamp = await keysStamp(dnssec.keys, zone)
    const keys = await readSigningKeys(dnssec.keys, zone, toSeconds(clock.now()))
    const loaded = new ZoneKeys(options, dnssec.keys, zone, stamp, keys)
    onEvent(loaded.#words())
    return loaded
  }

  get current(): readonly ZoneKey[] {
    return this.#keys
  }

  get alarms(): readonly string[] {
    return this.#fault === undefined ? [] : [this.#fault]
  }

  /** `onKeys` is told of each change, until what is returned is disposed. */
  follow(onKeys: (keys: readonly ZoneKey[]) => void): AsyncDisposable {
    const { clock, onEvent } = this.#options
    const watch = {
      folder: this.#folder,
      zone: this.#zone,
      now: () => clock.now(),
      onKeys: (keys: readonly ZoneKey[]) => {
        this.#keys = keys
        this.#fault = undefined
        onKeys(keys)
        onEvent(this.#words())
      },
      onFault: (error: Error) => {
        const words =
          error instanceof ZoneKeyError ? error.message : `Cannot read the keys: ${error}`
        this.#fault = `${words}; the keys before stay`
        onEvent(`ALARM: ${this.#fault}`)
      },
    }
    return watchZoneKeys(watch, this.#stamp)
  }

  status(signaturesUntil: number, now: EpochSeconds): DnssecStatus {
    const keys = this.#keys.map((key) => ({
      tag: key.tag,
      state: keyStateAt(key, now),
      since: rfc3339(stateSince(key, now)),
    }))
    const until = signaturesUntil === 0 ? null : rfc3339(epochSeconds(signaturesUntil))
    return { keys: keys.filter(({ state }) => state !== 'removed'), signaturesUntil: until }
  }

  #words(): string {
    const now = toSeconds(this.#options.clock.now())
    const tags = signingKeys(this.#keys, now).map(({ tag }) => tag)
    return `${this.#zone} is signed with key ${tags.join(' and ')}`
  }
}
