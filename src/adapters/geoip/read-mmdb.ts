import { readFileSync } from 'node:fs'
import { type CountryResponse, Reader } from 'mmdb-lib'
import { printIpAddress } from '#base/ip-address.ts'
import { RangeTableBuilder } from '#core/places/index.ts'
import { geoError, type PlaceData } from './source.ts'

/** The table knows no more of IPv6. */
const IPV6_BITS_MAX = 64
/** Only 2000::/3 is in use (RFC 4291, 2.4). */
const IPV6_FROM = 0x20n << 56n
const IPV6_END = 0x40n << 56n
const IPV4_END = 1n << 32n
/** Teredo and 6to4: in these files they are IPv4's tree once more. */
const IPV6_ALIASES: readonly (readonly [bigint, bigint])[] = [
  [0x2001_0000n << 32n, 0x2001_0001n << 32n],
  [0x2002_0000n << 32n, 0x2003_0000n << 32n],
]

/** Walks through all networks of the file, since ranges are found faster than records. In its own thread. */
export function readMmdb(file: string): PlaceData {
  const reader = open(file)
  const builder = new RangeTableBuilder()
  const ipv4 = walk(reader, builder, { from: 0n, end: IPV4_END, bits: 32 })
  const hasIpv6 = reader.metadata.ipVersion === 6
  const ipv6 = hasIpv6
    ? walk(reader, builder, { from: IPV6_FROM, end: IPV6_END, bits: IPV6_BITS_MAX })
    : 0
  return {
    table: builder.build(),
    madeAtMs: reader.metadata.buildEpoch.getTime(),
    ranges: ipv4 + ipv6,
  }
}

function open(file: string): Reader<CountryResponse> {
  const bytes = readFileSync(file)
  try {
    return new Reader<CountryResponse>(bytes, {
      cache: new Map<string | number, unknown>() as never,
    })
  } catch (cause) {
    throw geoError('bad-data', `use "${file}": it is no MaxMind database`, cause)
  }
}

function walk(
  reader: Reader<CountryResponse>,
  builder: RangeTableBuilder,
  { from, end, bits }: { readonly from: bigint; readonly end: bigint; readonly bits: number },
): number {
  let ranges = 0
  for (let at = from; at < end; ) {
    const alias = bits === 32 ? undefined : IPV6_ALIASES.find(([start]) => start === at)
    if (alias !== undefined) {
      at = alias[1]
      continue
    }
    const address = bytesOf(at, bits)
    const [record, prefixBits] = reader.getWithPrefixLength(printIpAddress(address))
    const size = 1n << BigInt(bits - Math.min(prefixBits, bits))
    const next = at - (at % size) + size
    const country = record?.country?.iso_code
    if (country !== undefined) {
      builder.add({ from: address, to: bytesOf(next - 1n, bits), country })
      ranges += 1
    }
    at = next
  }
  return ranges
}

/** Of IPv6 the first 64 bits are counted. */
function bytesOf(value: bigint, bits: number): Uint8Array {
  const bytes = Buffer.alloc(bits === 32 ? 4 : 16)
  if (bits === 32) bytes.writeUInt32BE(Number(value))
  else bytes.writeBigUInt64BE(value)
  return Uint8Array.from(bytes)
}
