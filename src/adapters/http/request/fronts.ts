/** The machines in front of ours that are believed when they say whom they speak for, and nobody else. */
import { BlockList, isIP } from 'node:net'
import { plainAddress } from '#core/limits/index.ts'

export interface FrontsOptions {
  /** Addresses, or networks as `10.0.0.0/8`. */
  readonly addresses: readonly string[]
  /** They send a PROXY header on each connection. */
  readonly proxyProtocol: boolean
}

export class Fronts {
  readonly #known = new BlockList()
  readonly #proxyProtocol: boolean
  readonly #isEmpty: boolean

  constructor({ addresses, proxyProtocol }: FrontsOptions) {
    this.#proxyProtocol = proxyProtocol
    this.#isEmpty = addresses.length === 0
    for (const one of addresses) {
      const [address = '', prefix] = one.split('/')
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      if (prefix === undefined) this.#known.addAddress(address, family)
      else this.#known.addSubnet(address, Number(prefix), family)
    }
  }

  sendsProxyHeader(peer: string): boolean {
    return this.#proxyProtocol && this.has(peer)
  }

  has(address: string): boolean {
    if (this.#isEmpty) return false
    const family = isIP(address)
    return family !== 0 && this.#known.check(address, family === 6 ? 'ipv6' : 'ipv4')
  }

  /**
   * Who asked: `peer`, unless that is a front. Then the last in X-Forwarded-For that is not a front itself, since each
   * front adds whom it saw at the end; what stands before was written by the client.
   */
  clientOf(peer: string, forwardedFor: string): string {
    if (forwardedFor === '' || !this.has(peer)) return peer
    const told = forwardedFor.split(',').map((one) => plainAddress(one.trim()))
    for (const address of told.reverse()) {
      if (isIP(address) === 0) return peer
      if (!this.has(address)) return address
    }
    return peer
  }
}
