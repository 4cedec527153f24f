import { fail, type Outcome, ok } from '#base/outcome.ts'
import { EDNS_OPTION, TYPE } from './codes.ts'
import type { MessageWriter } from './writer.ts'

/** What the OPT pseudo-record says (RFC 6891). */
export interface Edns {
  /** Largest UDP message that the sender takes. */
  readonly udpBytes: number
  readonly version: number
  readonly dnssecOk: boolean
  /** Upper eight bits of the response code. */
  readonly extendedRcode: number
  readonly options: readonly EdnsOption[]
}

export interface EdnsOption {
  readonly code: number
  readonly bytes: Uint8Array
}

/** EDNS client subnet (RFC 7871): on whose behalf a resolver asks. */
export interface ClientSubnet {
  /** 4 or 16 bytes, none where no family is told; what lies behind `sourceBits` is 0. */
  readonly address: Uint8Array
  readonly sourceBits: number
  readonly scopeBits: number
}

export type EdnsFault = { readonly kind: 'bad-option' } | { readonly kind: 'bad-client-subnet' }

const DNSSEC_OK = 0x8000
const FAMILY_BYTES: Readonly<Record<number, number>> = { 0: 0, 1: 4, 2: 16 }
const SUBNET_HEAD_BYTES = 4

export function readOptions(bytes: Uint8Array): Outcome<readonly EdnsOption[], EdnsFault> {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const options: EdnsOption[] = []
  let at = 0
  while (at < data.byteLength) {
    if (at + 4 > data.byteLength) return fail({ kind: 'bad-option' })
    const end = at + 4 + data.readUInt16BE(at + 2)
    if (end > data.byteLength) return fail({ kind: 'bad-option' })
    options.push({ code: data.readUInt16BE(at), bytes: data.subarray(at + 4, end) })
    at = end
  }
  return ok(options)
}

/** `udpBytes` and the flags stand where other records have class and TTL. */
export function readEdns(
  udpBytes: number,
  ttl: number,
  bytes: Uint8Array,
): Outcome<Edns, EdnsFault> {
  const options = readOptions(bytes)
  if (!options.ok) return options
  return ok({
    udpBytes,
    version: (ttl >>> 16) & 0xff,
    dnssecOk: (ttl & DNSSEC_OK) !== 0,
    extendedRcode: ttl >>> 24,
    options: options.value,
  })
}

export function writeEdns(writer: MessageWriter, edns: Edns): void {
  writer.uint8(0)
  writer.uint16(TYPE.OPT)
  writer.uint16(edns.udpBytes)
  writer.uint8(edns.extendedRcode)
  writer.uint8(edns.version)
  writer.uint16(edns.dnssecOk ? DNSSEC_OK : 0)
  writer.sized(() => {
    for (const { code, bytes } of edns.options) {
      writer.uint16(code)
      writer.uint16(bytes.byteLength)
      writer.bytes(bytes)
    }
  })
}

/**
 * Strict as RFC 7871, 6 demands: as many bytes as the bits need, and zeros behind them. Where there are no bits the family
 * does not matter (7.1.2): stubs that keep their networks to themselves say 0.
 */
export function readClientSubnet(bytes: Uint8Array): Outcome<ClientSubnet, EdnsFault> {
  const bad = fail({ kind: 'bad-client-subnet' } as const)
  const [familyHigh, familyLow, sourceBits, scopeBits] = bytes
  if (sourceBits === undefined || scopeBits === undefined) return bad
  const length = FAMILY_BYTES[((familyHigh ?? 0) << 8) | (familyLow ?? 0)]
  if (length === undefined || sourceBits > length * 8 || scopeBits > length * 8) return bad
  const given = bytes.subarray(SUBNET_HEAD_BYTES)
  if (given.byteLength !== Math.ceil(sourceBits / 8)) return bad
  const beyond = (0xff >> (sourceBits % 8 || 8)) & 0xff
  if (((given.at(-1) ?? 0) & beyond) !== 0) return bad
  const address = new Uint8Array(length)
  address.set(given)
  return ok({ address, sourceBits, scopeBits })
}

export function printClientSubnet({ address, sourceBits, scopeBits }: ClientSubnet): EdnsOption {
  const family = [0, 4, 16].indexOf(address.byteLength)
  const kept = address.subarray(0, Math.ceil(sourceBits / 8))
  return {
    code: EDNS_OPTION.CLIENT_SUBNET,
    bytes: Uint8Array.of(0, family, sourceBits, scopeBits, ...kept),
  }
}
