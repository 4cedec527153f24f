import { FLAG, HEADER_BYTES, type QueryReader } from '#formats/dns-message/index.ts'
import type { Prepared } from './prepared.ts'
import { TCP_BYTES_MAX, type Transport, UDP_BYTES_MAX } from './setup.ts'

export const OPTION_HEAD_BYTES = 4
/** RFC 1035, 4.2.1: all that an asker without EDNS takes. */
const PLAIN_UDP_BYTES_MAX = 512

/** The most that the asker takes, and we give. */
export function sizeLimit({ edns, udpBytes }: QueryReader, transport: Transport): number {
  if (transport === 'tcp') return TCP_BYTES_MAX
  if (!edns) return PLAIN_UDP_BYTES_MAX
  return Math.min(Math.max(udpBytes, PLAIN_UDP_BYTES_MAX), UDP_BYTES_MAX)
}

/** Id and flags; the counts are others'. */
export function writeHeader(out: Buffer, query: QueryReader, rcode: number, flags: number): void {
  const { id, flags: asked } = query
  const kept = asked & (FLAG.RD | FLAG.CD)
  out.writeUInt16BE(id, 0)
  out.writeUInt16BE(FLAG.QR | flags | kept | (rcode & FLAG.RCODE), 2)
}

/** A header alone, where the question could not be read. Returns its length. */
export function writeBare(out: Buffer, query: QueryReader, rcode: number): number {
  writeHeader(out, query, rcode, query.flags & FLAG.OPCODE)
  out.fill(0, 4, HEADER_BYTES)
  return HEADER_BYTES
}

/** Bytes that it took. */
export function writeOption(out: Buffer, at: number, code: number, value: Uint8Array): number {
  out.writeUInt16BE(code, at)
  out.writeUInt16BE(value.byteLength, at + 2)
  out.set(value, at + OPTION_HEAD_BYTES)
  return OPTION_HEAD_BYTES + value.byteLength
}

/** What is limited together: answers that are there by their first bytes, all others by their code. */
export function kindOf({ rcode, head, addresses }: Prepared): number {
  const first = head.byteLength > 4 ? head.readUInt32BE(0) : 0
  return rcode ^ (first << 4) ^ ((addresses?.blocks.byteLength ?? 0) << 8)
}

/** Xorshift: whole numbers from 1 to 2^32 - 1, none of which anything secret rests on. */
export function dice(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
