import { EMPTY_TABLE, findPlaceWith, type RangeTable } from '#core/places/index.ts'
import { EDNS_OPTION, type QueryReader, readClientSubnet } from '#formats/dns-message/index.ts'
import { OPTION_HEAD_BYTES, writeOption } from './wire.ts'

/** In the option of RFC 7871: family (2), source, scope. */
const SOURCE_AT = 2
const SCOPE_AT = 3

/** Who asks, and where he is: by his address, or by the network that he asks for (RFC 7871). Of the query at hand. */
export class Asker {
  peer: Uint8Array = new Uint8Array(4)
  #subnetUsed = false
  #asFrom: Uint8Array = this.peer
  #places: RangeTable
  #overrides: RangeTable
  readonly placeOf = () => findPlaceWith(this.#overrides, this.#places, this.#asFrom)

  constructor(places: RangeTable, overrides: RangeTable) {
    this.#places = places
    this.#overrides = overrides
  }

  placeBy(places: RangeTable, overrides: RangeTable = EMPTY_TABLE): void {
    this.#places = places
    this.#overrides = overrides
  }

  is(peer: Uint8Array): void {
    this.peer = peer
    this.#asFrom = peer
    this.#subnetUsed = false
  }

  /** False: the option is not as RFC 7871 demands. */
  useSubnet({ subnetAt, subnetBytes }: QueryReader, message: Buffer): boolean {
    const subnet = readClientSubnet(message.subarray(subnetAt, subnetAt + subnetBytes))
    if (!subnet.ok || subnet.value.scopeBits !== 0) return false
    this.#subnetUsed = true
    // With no bits at all the asker wants nobody to be placed (RFC 7871, 7.1.2).
    if (subnet.value.sourceBits > 0) this.#asFrom = subnet.value.address
    return true
  }

  subnetOptionBytes({ subnetBytes }: QueryReader): number {
    return this.#subnetUsed ? OPTION_HEAD_BYTES + subnetBytes : 0
  }

  /** Bytes that it took. The answer holds for exactly the network that was told, or for everybody (RFC 7871, 7.2.1). */
  writeSubnet(
    { subnetAt, subnetBytes }: QueryReader,
    message: Buffer,
    out: Buffer,
    at: number,
    byClient: boolean,
  ): number {
    if (!this.#subnetUsed) return 0
    const value = message.subarray(subnetAt, subnetAt + subnetBytes)
    const bytes = writeOption(out, at, EDNS_OPTION.CLIENT_SUBNET, value)
    out[at + OPTION_HEAD_BYTES + SCOPE_AT] = byClient ? (value[SOURCE_AT] ?? 0) : 0
    return bytes
  }
}
