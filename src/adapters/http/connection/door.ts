/** Who is in, and who may come in. */
import type { Socket } from 'node:net'
import { plainAddress } from '#core/limits/index.ts'
import { refusal } from '../answer/plan-answer.ts'
import { type CarefulPath, carefulPath } from './careful.ts'
import { PlainConnection } from './connection.ts'
import type { Service } from './service.ts'

/** What a client that there was no room for is told to wait, in seconds. */
const BUSY_RETRY_AFTER = 30

export class Door {
  readonly #service: Service
  readonly #careful: CarefulPath
  readonly #inside = new Map<Socket, PlainConnection>()

  constructor(service: Service) {
    this.#service = service
    this.#careful = carefulPath(service)
  }

  open(socket: Socket): void {
    const { room } = this.#service
    if (room.isFlooded) {
      socket.destroy()
      return
    }
    const address = plainAddress(socket.remoteAddress ?? '')
    const hasRoom = this.#hasRoom(address)
    const connection = new PlainConnection(socket, this.#service, this.#careful)
    this.#inside.set(socket, connection)
    room.enter('http', address)
    socket.once('close', () => {
      this.#inside.delete(socket)
      room.leave('http', address)
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
    const { room, fronts } = this.#service
    if (room.hasAllOf(address) && !fronts.has(address)) return false
    return !room.isFull || this.#endAnIdleOne()
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
}
