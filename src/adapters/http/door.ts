/** Who is in, and who may come in. */
import type { Socket } from 'node:net'
import { plainAddress } from '#core/limits/index.ts'
import { type CarefulPath, carefulPath } from './careful.ts'
import { PlainConnection } from './connection.ts'
import { refusal } from './plan-answer.ts'
import type { Service } from './service.ts'

/** What a client that there was no room for is told to wait, in seconds. */
const BUSY_RETRY_AFTER = 30
/** Beyond the most connections, so many more get a 503 each before they are closed; the rest is not accepted. */
export const TURNED_AWAY_MAX = 256

export interface DoorOptions {
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number | undefined
}

export class Door {
  #options: DoorOptions
  readonly #service: Service
  readonly #careful: CarefulPath
  readonly #inside = new Map<Socket, PlainConnection>()
  readonly #byAddress = new Map<string, number>()

  constructor(service: Service, options: DoorOptions) {
    this.#service = service
    this.#options = options
    this.#careful = carefulPath(service)
  }

  /** For whoever comes from now on. */
  change(options: DoorOptions): void {
    this.#options = options
  }

  open(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress ?? '')
    const hasRoom = this.#hasRoom(address)
    const connection = new PlainConnection(socket, this.#service, this.#careful)
    this.#inside.set(socket, connection)
    this.#count(address, 1)
    socket.once('close', () => {
      this.#inside.delete(socket)
      this.#count(address, -1)
    })
    if (!hasRoom) connection.turnAway(refusal(503, `Retry-After: ${BUSY_RETRY_AFTER}\r\n`))
  }

  close(): void {
    for (const connection of this.#inside.values()) connection.close()
  }

  destroy(): void {
    for (const socket of this.#inside.keys()) socket.destroy()
  }

  #hasRoom(address: string): boolean {
    const { connectionsMax, connectionsPerAddressMax = Number.POSITIVE_INFINITY } = this.#options
    const own = this.#byAddress.get(address) ?? 0
    if (own >= connectionsPerAddressMax && !this.#service.fronts.has(address)) return false
    return this.#inside.size < connectionsMax || this.#endAnIdleOne()
  }

  /** The oldest of those who want nothing at the moment. */
  #endAnIdleOne(): boolean {
    for (const connection of this.#inside.values()) {
      if (!connection.isIdle) continue
      connection.destroy()
      return true
    }
    return false
  }

  #count(address: string, change: 1 | -1): void {
    const count = (this.#byAddress.get(address) ?? 0) + change
    if (count > 0) this.#byAddress.set(address, count)
    else this.#byAddress.delete(address)
  }
}
