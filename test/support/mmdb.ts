import { type IpPrefix, parseIpPrefix } from '#base/ip-address.ts'
import { regionOf } from '#core/selection/index.ts'

/** Their codes; what is "other" to us is Africa here. */
const CONTINENT_OF = { europe: 'EU', america: 'NA', asia: 'AS', other: 'AF' } as const

/**
 * A MaxMind database (format 2.0) of country codes by prefix: what `.mmdb` files for tests and for other servers are made
 * of. IPv4 lies below ::/96, as in theirs. Prefixes must not contain one another.
 */
export function makeMmdb(
  countries: Readonly<Record<string, string>>,
  builtAtSeconds = 1_790_000_000,
): Buffer {
  const tree = new Tree()
  const data = new Map<string, number>()
  const pieces: Buffer[] = []
  let at = 0
  for (const country of new Set(Object.values(countries))) {
    const continent = CONTINENT_OF[regionOf(country) ?? 'other']
    const record = map({
      continent: map({ code: text(continent) }),
      country: map({ iso_code: text(country) }),
    })
    data.set(country, at)
    pieces.push(record)
    at += record.byteLength
  }
  for (const [prefix, country] of Object.entries(countries)) {
    const parsed = parseIpPrefix(prefix)
    if (parsed === undefined) throw new Error(`Cannot use "${prefix}"`)
    tree.put(parsed, data.get(country) ?? 0)
  }
  const metadata = map({
    node_count: number(6, tree.size),
    record_size: number(5, 24),
    ip_version: number(5, 6),
    database_type: text('Test-Country'),
    languages: Buffer.of(0x00, 0x04),
    binary_format_major_version: number(5, 2),
    binary_format_minor_version: number(5, 0),
    build_epoch: bigNumber(builtAtSeconds),
    description: map({ en: text('made for a test') }),
  })
  const marker = Buffer.from('\u00ab\u00cd\u00efMaxMind.com', 'latin1')
  return Buffer.concat([tree.print(), Buffer.alloc(16), ...pieces, marker, metadata])
}

type Record24 =
  | { readonly kind: 'node'; readonly node: number }
  | { readonly kind: 'data'; readonly at: number }

class Tree {
  readonly #nodes: [Record24 | undefined, Record24 | undefined][] = [[undefined, undefined]]

  get size(): number {
    return this.#nodes.length
  }

  put({ bytes, bits }: IpPrefix, at: number): void {
    const zeros = bytes.byteLength === 4 ? 96 : 0
    const bitAt = (index: number) =>
      index < zeros ? 0 : ((bytes[(index - zeros) >> 3] ?? 0) >> (7 - ((index - zeros) & 7))) & 1
    let node = 0
    for (let index = 0; index < zeros + bits - 1; index += 1) node = this.#step(node, bitAt(index))
    const last = this.#nodes[node]
    if (last !== undefined) last[bitAt(zeros + bits - 1)] = { kind: 'data', at }
  }

  #step(node: number, bit: number): number {
    const pair = this.#nodes[node]
    const next = pair?.[bit]
    if (next?.kind === 'node') return next.node
    this.#nodes.push([undefined, undefined])
    const made = this.#nodes.length - 1
    if (pair !== undefined) pair[bit] = { kind: 'node', node: made }
    return made
  }

  print(): Buffer {
    const out = Buffer.alloc(this.size * 6)
    const value = (record: Record24 | undefined) => {
      if (record === undefined) return this.size
      return record.kind === 'node' ? record.node : this.size + 16 + record.at
    }
    for (const [index, [left, right]] of this.#nodes.entries()) {
      out.writeUIntBE(value(left), index * 6, 3)
      out.writeUIntBE(value(right), index * 6 + 3, 3)
    }
    return out
  }
}

function map(entries: Readonly<Record<string, Buffer>>): Buffer {
  const parts = Object.entries(entries).flatMap(([key, value]) => [text(key), value])
  return Buffer.concat([Buffer.of((7 << 5) | Object.keys(entries).length), ...parts])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  if (bytes.byteLength < 29) return Buffer.concat([Buffer.of((2 << 5) | bytes.byteLength), bytes])
  return Buffer.concat([Buffer.of((2 << 5) | 29, bytes.byteLength - 29), bytes])
}

/** Type 5: 16 bits, 6: 32 bits. */
function number(type: 5 | 6, value: number): Buffer {
  const size = type === 5 ? 2 : 4
  const bytes = Buffer.alloc(size)
  bytes.writeUIntBE(value, 0, size)
  return Buffer.concat([Buffer.of((type << 5) | size), bytes])
}

/** Type 9, 64 bits: its number stands in a second byte. */
function bigNumber(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return Buffer.concat([Buffer.of(8, 2), bytes])
}
