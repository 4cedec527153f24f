import { createHash } from 'node:crypto'
import { isPlainName } from '#base/names.ts'
import { toSeconds } from '#base/time.ts'
import {
  contentDigest,
  decideSerial,
  type ZoneSerials,
  type ZoneSnapshot,
} from '#core/zone/index.ts'
import type { Clock } from '#ports/clock.ts'
import { type Store, StoreError } from '#ports/store.ts'

/** Each turn that is lost is another server's claim; more servers than that no zone has. */
const TRIES_MAX = 50
const NONE: ZoneSerials = { named: [] }

/** The serial that all name servers on one store give a content: who sees it first claims one, the others take it. */
export class SharedSerials {
  readonly #serials: Store['serials']
  readonly #clock: Clock

  constructor({ serials }: Pick<Store, 'serials'>, clock: Clock) {
    this.#serials = serials
    this.#clock = clock
  }

  /** `told` is what this server answers from. Throws `StoreError`. */
  async agreeOn(content: ZoneSnapshot, told: ZoneSnapshot | undefined): Promise<number> {
    const name = recordName(content.zone)
    const digest = contentDigest(content)
    const own = told && { serial: told.serial, digest: contentDigest(told) }
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const read = await this.#serials.get(name)
      const now = toSeconds(this.#clock.now())
      const decision = decideSerial(read?.value ?? NONE, digest, own, now)
      if (decision.kind === 'take') return decision.serial
      const written = await this.#serials.put(name, decision.next, read?.revision)
      if (written.ok) return decision.serial
    }
    throw new StoreError('away', `agree on a serial: others wrote ${TRIES_MAX} times meanwhile`)
  }
}

/** Zones have longer names than records. */
function recordName(zone: string): string {
  if (isPlainName(zone)) return zone
  return createHash('sha256').update(zone).digest('hex').slice(0, 32)
}
