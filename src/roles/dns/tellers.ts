import { randomInt } from 'node:crypto'
import { notify, type Secondary } from '#adapters/dns/index.ts'
import { toSeconds } from '#base/time.ts'
import type { ZoneSnapshot } from '#core/zone/index.ts'
import { rcodeName } from '#formats/dns-message/index.ts'
import type { DnsOptions } from './options.ts'

/** Tells each secondary of the newest serial, one after another for each; what came in between is not told any more. */
export class Tellers {
  readonly #options: DnsOptions
  readonly #signal: AbortSignal
  readonly #running = new Map<Secondary, Promise<void>>()
  #newest: ZoneSnapshot | undefined

  constructor(options: DnsOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
  }

  tell(snapshot: ZoneSnapshot): void {
    if (this.#newest?.serial === snapshot.serial) return
    this.#newest = snapshot
    for (const secondary of this.#options.secondaries) {
      if (this.#running.has(secondary)) continue
      this.#running.set(secondary, this.#tellOne(secondary))
    }
  }

  async rest(): Promise<void> {
    await Promise.all(this.#running.values())
  }

  async #tellOne(secondary: Secondary): Promise<void> {
    const { clock, onEvent } = this.#options
    // Waits for the next turn, so that this is known as running before it can end.
    await null
    let told: number | undefined
    while (this.#newest !== undefined && this.#newest.serial !== told && !this.#signal.aborted) {
      const { zone, serial } = this.#newest
      told = serial
      const now = toSeconds(clock.now())
      const id = randomInt(0x1_0000)
      const notice = await notify(secondary, zone, id, now, this.#signal).catch(() => undefined)
      const who = `secondary ${secondary.host} port ${secondary.port}`
      if (notice?.kind === 'silent') onEvent(`${who} does not hear of serial ${serial}`)
      if (notice?.kind === 'refused') {
        onEvent(`${who} will not hear of serial ${serial}: ${rcodeName(notice.rcode)}`)
      }
    }
    this.#running.delete(secondary)
  }
}
