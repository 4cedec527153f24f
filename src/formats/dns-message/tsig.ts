import { createHmac, timingSafeEqual } from 'node:crypto'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { EpochSeconds } from '#base/time.ts'
import { CLASS, HEADER_BYTES, RCODE, TYPE } from './codes.ts'
import { type DnsName, dnsName, nameToWire, readName } from './name.ts'

/** A key that two servers share (RFC 8945). */
export interface TsigKey {
  readonly name: DnsName
  readonly algorithm: TsigAlgorithm
  readonly secret: Uint8Array
}

export const TSIG_ALGORITHMS = ['hmac-sha256', 'hmac-sha512'] as const
export type TsigAlgorithm = (typeof TSIG_ALGORITHMS)[number]

export type TsigFault =
  | { readonly kind: 'bad-format' }
  | { readonly kind: 'unknown-key' }
  | { readonly kind: 'bad-signature' }
  /** The clocks differ by more than the signature allows. */
  | { readonly kind: 'bad-time'; readonly signed: Signed }

export interface Signed {
  readonly key: TsigKey
  /** What an answer's signature goes on from. */
  readonly mac: Uint8Array
}

/** RFC 8945, 10: what most use. */
const FUDGE_SECONDS = 300
const HASH = { 'hmac-sha256': 'sha256', 'hmac-sha512': 'sha512' } as const
const RECORD_HEAD_BYTES = 10
/** Where the header counts the records of the additional section. */
const ADDITIONAL_AT = 10
const TIME_BYTES = 6
/** Time, fudge (2). */
const TIMERS_BYTES = TIME_BYTES + 2

export interface SignedQuery {
  readonly query: Buffer
  /** Where its TSIG record begins, its last. */
  readonly at: number
  readonly now: EpochSeconds
}

export function verifyTsig(
  { query: message, at, now }: SignedQuery,
  keys: readonly TsigKey[],
): Outcome<Signed, TsigFault> {
  const record = readTsig(message, at)
  const additional = message.byteLength < HEADER_BYTES ? 0 : message.readUInt16BE(ADDITIONAL_AT)
  if (record === undefined || additional === 0) return fail({ kind: 'bad-format' })
  const key = keys.find(({ name, algorithm }) => {
    return name === record.name && algorithm === record.algorithm
  })
  if (key === undefined) return fail({ kind: 'unknown-key' })
  const unsigned = Buffer.from(message.subarray(0, at))
  unsigned.writeUInt16BE(record.originalId, 0)
  unsigned.writeUInt16BE(additional - 1, ADDITIONAL_AT)
  const mac = macOf(key, [unsigned, variables(key, record.timers, record.error, record.other)])
  if (mac.byteLength !== record.mac.byteLength || !timingSafeEqual(mac, record.mac)) {
    return fail({ kind: 'bad-signature' })
  }
  const time = record.timers.readUIntBE(0, 6)
  if (Math.abs(now - time) > record.timers.readUInt16BE(6)) {
    return fail({ kind: 'bad-time', signed: { key, mac } })
  }
  return ok({ key, mac })
}

/**
 * The answer to a query whose TSIG record has this fault, made of the plain one: it says which, so that the operator at the other end
 * reads it in his log (RFC 8945, 5.2). Signed only where the clocks differ, with our time beside his.
 */
export function tsigRefusal(
  { query, at, now }: SignedQuery,
  fault: TsigFault,
  plain: (rcode: number) => Uint8Array,
): Buffer {
  const asked = readTsig(query, at)
  if (asked === undefined || fault.kind === 'bad-format') return Buffer.from(plain(RCODE.FORMERR))
  const answer = plain(RCODE.NOTAUTH)
  const record = { ...asked, error: ERROR[fault.kind], other: new Uint8Array() }
  if (fault.kind !== 'bad-time') {
    return withRecord(answer, { ...record, timers: timersAt(now), mac: new Uint8Array() })
  }
  const { key, mac } = fault.signed
  const other = timersAt(now).subarray(0, TIME_BYTES)
  const signature = macOf(key, [
    sized(mac),
    answer,
    variables(key, asked.timers, ERROR['bad-time'], other),
  ])
  return withRecord(answer, { ...record, other, mac: signature })
}

/** RFC 8945, 3. */
const ERROR = { 'bad-signature': 16, 'unknown-key': 17, 'bad-time': 18 } as const

function timersAt(now: EpochSeconds): Buffer {
  const timers = Buffer.alloc(TIMERS_BYTES)
  timers.writeUIntBE(now, 0, TIME_BYTES)
  timers.writeUInt16BE(FUDGE_SECONDS, TIME_BYTES)
  return timers
}

/**
 * Signs the messages of one answer, one after another: the first goes on from the query's signature, each other from the
 * one before (RFC 8945, 5.3.1).
 */
export class TsigSigner {
  readonly #key: TsigKey
  #before: Uint8Array | undefined
  #first = true

  /** `before`: undefined for a query. */
  constructor(key: TsigKey, before: Uint8Array | undefined) {
    this.#key = key
    this.#before = before
  }

  /** The message with its TSIG record. */
  sign(message: Uint8Array, now: EpochSeconds): Buffer {
    const timers = timersAt(now)
    const before = this.#before === undefined ? [] : [sized(this.#before)]
    const last = this.#first ? variables(this.#key, timers, 0, new Uint8Array()) : timers
    const mac = macOf(this.#key, [...before, message, last])
    this.#before = mac
    this.#first = false
    const { name, algorithm } = this.#key
    return withRecord(message, { name, algorithm, timers, mac, error: 0, other: new Uint8Array() })
  }
}

interface TsigRecord {
  readonly name: DnsName
  readonly algorithm: string
  readonly timers: Buffer
  readonly mac: Uint8Array
  readonly originalId: number
  readonly error: number
  readonly other: Uint8Array
}

function readTsig(message: Buffer, at: number): TsigRecord | undefined {
  const owner = readName(message, at)
  if (!owner.ok) return undefined
  const start = owner.value.next + RECORD_HEAD_BYTES
  const algorithm = readName(message, start)
  if (!algorithm.ok) return undefined
  const timersAt = algorithm.value.next
  const macAt = timersAt + TIMERS_BYTES + 2
  if (macAt > message.byteLength) return undefined
  const restAt = macAt + message.readUInt16BE(macAt - 2)
  if (restAt + 6 > message.byteLength) return undefined
  const otherAt = restAt + 6
  if (otherAt + message.readUInt16BE(restAt + 4) !== message.byteLength) return undefined
  return {
    name: owner.value.name,
    algorithm: algorithm.value.name,
    timers: message.subarray(timersAt, timersAt + TIMERS_BYTES),
    mac: message.subarray(macAt, restAt),
    originalId: message.readUInt16BE(restAt),
    error: message.readUInt16BE(restAt + 2),
    other: message.subarray(otherAt),
  }
}

/** What is signed beside the message (RFC 8945, 4.3.3). */
function variables(key: TsigKey, timers: Uint8Array, error: number, other: Uint8Array): Buffer {
  const fixed = Buffer.alloc(6)
  fixed.writeUInt16BE(CLASS.ANY, 0)
  const tail = Buffer.alloc(4)
  tail.writeUInt16BE(error, 0)
  tail.writeUInt16BE(other.byteLength, 2)
  const algorithm = nameToWire(dnsName(key.algorithm))
  return Buffer.concat([nameToWire(key.name), fixed, algorithm, timers, tail, other])
}

function macOf(key: TsigKey, parts: readonly Uint8Array[]): Buffer {
  const hmac = createHmac(HASH[key.algorithm], key.secret)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

function withRecord(message: Uint8Array, record: Omit<TsigRecord, 'originalId'>): Buffer {
  const { name, algorithm, timers, mac, error, other } = record
  const code = Buffer.alloc(2)
  code.writeUInt16BE(error)
  const id = message.subarray(0, 2)
  const fixed = [nameToWire(dnsName(algorithm)), timers, sized(mac), id, code, sized(other)]
  const data = Buffer.concat(fixed)
  const head = Buffer.alloc(RECORD_HEAD_BYTES)
  head.writeUInt16BE(TYPE.TSIG, 0)
  head.writeUInt16BE(CLASS.ANY, 2)
  head.writeUInt16BE(data.byteLength, 8)
  const signed = Buffer.concat([message, nameToWire(name), head, data])
  signed.writeUInt16BE(signed.readUInt16BE(HEADER_BYTES - 2) + 1, HEADER_BYTES - 2)
  return signed
}

function sized(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.byteLength)
  return Buffer.concat([length, bytes])
}
