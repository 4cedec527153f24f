/** How many may be in at a time, over all ports and threads. */
import { CONNECTIONS_MAX, TLS_CONNECTIONS_MAX, TURNED_AWAY_MAX } from './bounds.ts'
import type { Counts, DoorKind } from './counts.ts'

export interface RoomBounds {
  readonly connectionsMax?: number | undefined
  readonly connectionsPerAddressMax?: number | undefined
}

export class Room {
  readonly #counts: Counts
  #connectionsMax = CONNECTIONS_MAX
  #perAddressMax = Number.POSITIVE_INFINITY

  constructor(counts: Counts) {
    this.#counts = counts
  }

  /** For whoever comes from now on. */
  change({ connectionsMax, connectionsPerAddressMax }: RoomBounds): void {
    this.#connectionsMax = connectionsMax ?? CONNECTIONS_MAX
    this.#perAddressMax = connectionsPerAddressMax ?? Number.POSITIVE_INFINITY
  }

  get isFull(): boolean {
    return this.#counts.connections() >= this.#connectionsMax
  }

  /** There is not even room for those who would be told so. */
  get isFlooded(): boolean {
    return this.#counts.connections() >= this.#connectionsMax + TURNED_AWAY_MAX
  }

  get isFullOfTls(): boolean {
    return this.isFull || this.#counts.connectionsAt('https') >= TLS_CONNECTIONS_MAX
  }

  hasAllOf(address: string): boolean {
    if (this.#perAddressMax === Number.POSITIVE_INFINITY) return false
    return this.#counts.connectionsOf(address) >= this.#perAddressMax
  }

  enter(door: DoorKind, address: string): void {
    this.#counts.countConnection(door, address, 1)
  }

  leave(door: DoorKind, address: string): void {
    this.#counts.countConnection(door, address, -1)
  }
}
