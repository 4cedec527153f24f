import { type IpPrefix, maskIpAddress, prefixContains } from '#base/ip-address.ts'
import { RangeTableBuilder } from './builder.ts'
import { EMPTY_TABLE, findPlace, type RangeTable } from './range-table.ts'

/** An operator who knows better than the data where a network is. */
export interface PlaceOverride {
  readonly prefix: IpPrefix
  readonly country: string
}

/** The table knows the first 64 bits of IPv6. */
export const IPV6_OVERRIDE_BITS_MAX = 64

/** A table of overrides alone: the more specific prefix wins inside of the less specific one. */
export function overrideTable(overrides: readonly PlaceOverride[]): RangeTable {
  if (overrides.length === 0) return EMPTY_TABLE
  const builder = new RangeTableBuilder()
  for (const length of [4, 16]) {
    const own = overrides.filter(({ prefix }) => prefix.bytes.byteLength === length)
    for (const { from, to } of pieces(own, length)) {
      const best = own
        .filter(({ prefix }) => prefixContains(prefix, from))
        .toSorted((a, b) => b.prefix.bits - a.prefix.bits)[0]
      if (best !== undefined) builder.add({ from, to, country: best.country })
    }
  }
  return builder.build()
}

/** Where `overrides` say nothing, `data` does. */
export function findPlaceWith(
  overrides: RangeTable,
  data: RangeTable,
  address: Uint8Array,
): number {
  return findPlace(overrides, address) || findPlace(data, address)
}

/** The address space cut wherever a prefix begins or ends. */
function pieces(
  overrides: readonly PlaceOverride[],
  length: number,
): readonly { readonly from: Uint8Array; readonly to: Uint8Array }[] {
  const cuts = new Set<bigint>()
  for (const { prefix } of overrides) {
    const from = toNumber(maskIpAddress(prefix.bytes, prefix.bits))
    cuts.add(from)
    cuts.add(from + 2n ** BigInt(length * 8 - prefix.bits))
  }
  const sorted = [...cuts].toSorted((a, b) => (a < b ? -1 : Number(a > b)))
  return sorted.slice(0, -1).map((from, at) => {
    const next = sorted[at + 1] ?? from + 1n
    return { from: toBytes(from, length), to: toBytes(next - 1n, length) }
  })
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

function toBytes(value: bigint, length: number): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex'))
}
