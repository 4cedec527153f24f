import { isMapped } from '#base/ip-address.ts'
import { UDP_BYTES_MAX } from './setup.ts'
import type { SystemCalls } from './system-calls.ts'

/** Datagrams that one call takes. Beyond 64 the calls cost nothing any more, and the last would wait for the first. */
export const BATCH_MESSAGES = 64
/** As we tell askers in OPT, one byte more, so that what is longer is seen to be: cut by the system it is no query. */
const QUERY_BYTES_MAX = UDP_BYTES_MAX + 1
const NAME_BYTES = 28
/** Room for one in6_pktinfo. */
const CONTROL_BYTES = 64
/** `struct mmsghdr` of 64-bit Linux: name, name length, iovec, count, control, control length, flags; then the length. */
const HEADER_BYTES = 64
const AT = {
  name: 0,
  nameBytes: 8,
  iovec: 16,
  iovecs: 24,
  control: 32,
  controlBytes: 40,
  flags: 48,
  length: 56,
} as const
const IOVEC_BYTES = 16
const AF_INET = 2
/** In `struct cmsghdr`: behind length, level and type. */
const CONTROL_DATA_AT = 16
const IPV6_INTERFACE_AT = CONTROL_DATA_AT + 16
const LINK_LOCAL = 0xfe80

/** One place for a query and its answer, at fixed addresses. */
export interface Slot {
  readonly query: Buffer
  readonly answer: Buffer
  /** The asker's address as its 4 or 16 bytes; views of what the system writes. */
  peer(): Uint8Array
}

/** The memory that `recvmmsg` fills and `sendmmsg` empties, laid out once. */
export class Batch {
  readonly received: Buffer
  readonly sending: Buffer
  readonly slots: readonly Slot[]
  readonly #names: Buffer
  readonly #controls: Buffer
  readonly #keepLocal: boolean
  readonly #sendVectors: Buffer
  /** The system has only its address: without this it would be collected while it is in use. */
  readonly #receiveVectors: Buffer
  readonly #addresses: readonly bigint[]
  readonly #controlAt: bigint
  readonly #nameAt: bigint
  /** Which slot each place of `sending` shows. */
  readonly #slotAt = new Int32Array(BATCH_MESSAGES).fill(-1)

  /** `keepLocal`: answers leave from the address that was asked, where the socket listens on all. */
  constructor(calls: SystemCalls, keepLocal: boolean) {
    const of = (bytes: number) => Buffer.from(new ArrayBuffer(bytes * BATCH_MESSAGES))
    const queries = of(QUERY_BYTES_MAX)
    const answers = of(UDP_BYTES_MAX)
    this.#receiveVectors = of(IOVEC_BYTES)
    this.#keepLocal = keepLocal
    this.#sendVectors = of(IOVEC_BYTES)
    this.#names = of(NAME_BYTES)
    this.#controls = of(CONTROL_BYTES)
    this.received = of(HEADER_BYTES)
    this.sending = of(HEADER_BYTES)
    this.#controlAt = calls.addressOf(this.#controls)
    this.#nameAt = calls.addressOf(this.#names)
    const answersAt = calls.addressOf(answers)
    this.#addresses = each((at) => answersAt + BigInt(at * UDP_BYTES_MAX))
    const queriesAt = calls.addressOf(queries)
    const [receiveAt, sendAt] = [
      calls.addressOf(this.#receiveVectors),
      calls.addressOf(this.#sendVectors),
    ]
    for (let at = 0; at < BATCH_MESSAGES; at += 1) {
      writeVector(
        this.#receiveVectors,
        at,
        queriesAt + BigInt(at * QUERY_BYTES_MAX),
        QUERY_BYTES_MAX,
      )
      this.#writeHeader(this.received, at, at, receiveAt + BigInt(at * IOVEC_BYTES))
      this.#writeHeader(this.sending, at, at, sendAt + BigInt(at * IOVEC_BYTES))
    }
    this.slots = each((at) => ({
      query: queries.subarray(at * QUERY_BYTES_MAX, (at + 1) * QUERY_BYTES_MAX),
      answer: answers.subarray(at * UDP_BYTES_MAX, (at + 1) * UDP_BYTES_MAX),
      peer: peerOf(this.#names, at * NAME_BYTES),
    }))
  }

  /** What the system shortened is made whole before the next call. */
  beforeReceive(count: number): void {
    for (let at = 0; at < count; at += 1) {
      const header = at * HEADER_BYTES
      this.received.writeUInt32LE(NAME_BYTES, header + AT.nameBytes)
      if (this.#keepLocal) this.received.writeUInt32LE(CONTROL_BYTES, header + AT.controlBytes)
    }
  }

  lengthOf(slot: number): number {
    return this.received.readUInt32LE(slot * HEADER_BYTES + AT.length)
  }

  /** Puts the answer of `slot` at `place` of what is sent next. */
  enqueue(place: number, slot: number, length: number): void {
    const header = place * HEADER_BYTES
    const from = slot * HEADER_BYTES
    if (this.#slotAt[place] !== slot) {
      this.#slotAt[place] = slot
      writeVector(this.#sendVectors, place, this.#addresses[slot] ?? 0n, length)
      this.#writeOwner(this.sending, header, slot)
    }
    this.#sendVectors.writeUInt32LE(length, place * IOVEC_BYTES + 8)
    const nameBytes = this.received.readUInt32LE(from + AT.nameBytes)
    this.sending.writeUInt32LE(nameBytes, header + AT.nameBytes)
    if (!this.#keepLocal) return
    const controlBytes = this.received.readUInt32LE(from + AT.controlBytes)
    this.sending.writeUInt32LE(controlBytes, header + AT.controlBytes)
    if (controlBytes > CONTROL_DATA_AT) this.#leaveInterfaceOpen(slot)
  }

  /** The route decides the interface, save for addresses that exist once on each (fe80::/10). */
  #leaveInterfaceOpen(slot: number): void {
    const control = slot * CONTROL_BYTES
    const name = slot * NAME_BYTES
    if (this.#names.readUInt16LE(name) === AF_INET) {
      this.#controls.writeUInt32LE(0, control + CONTROL_DATA_AT)
    } else if ((this.#names.readUInt16BE(name + 8) & 0xffc0) !== LINK_LOCAL) {
      this.#controls.writeUInt32LE(0, control + IPV6_INTERFACE_AT)
    }
  }

  #writeHeader(headers: Buffer, at: number, slot: number, vector: bigint): void {
    const header = at * HEADER_BYTES
    headers.writeBigUInt64LE(vector, header + AT.iovec)
    headers.writeUInt32LE(1, header + AT.iovecs)
    this.#writeOwner(headers, header, slot)
  }

  #writeOwner(headers: Buffer, header: number, slot: number): void {
    headers.writeBigUInt64LE(this.#nameAt + BigInt(slot * NAME_BYTES), header + AT.name)
    if (!this.#keepLocal) return
    headers.writeBigUInt64LE(this.#controlAt + BigInt(slot * CONTROL_BYTES), header + AT.control)
  }
}

function each<T>(make: (at: number) => T): readonly T[] {
  return Array.from({ length: BATCH_MESSAGES }, (_, at) => make(at))
}

function writeVector(vectors: Buffer, at: number, address: bigint, length: number): void {
  vectors.writeBigUInt64LE(address, at * IOVEC_BYTES)
  vectors.writeUInt32LE(length, at * IOVEC_BYTES + 8)
}

/** `sockaddr_in`: family, port, 4 bytes; `sockaddr_in6`: family, port, flow, 16 bytes. */
function peerOf(names: Buffer, at: number): () => Uint8Array {
  const ipv4 = names.subarray(at + 4, at + 8)
  const ipv6 = names.subarray(at + 8, at + 24)
  const inIpv6 = names.subarray(at + 20, at + 24)
  return () => {
    if (names.readUInt16LE(at) === AF_INET) return ipv4
    return isMapped(ipv6) ? inIpv6 : ipv6
  }
}
