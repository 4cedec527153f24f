import type { Wheel } from '#core/selection/index.ts'
import type { Rotating, ZoneAnswer } from '#core/zone/index.ts'
import {
  type DnsName,
  MessageWriter,
  nameToWire,
  type ResourceRecord,
  TYPE,
  writeRecord,
} from '#formats/dns-message/index.ts'

/**
 * An answer as bytes that follow the question, ready to be copied: records, then addresses in turn, then authority and
 * additional. Pointers in it go to the question, which begins at byte 12 of every message, or to what stands before.
 */
export interface Prepared {
  readonly rcode: number
  readonly authoritative: boolean
  readonly head: Buffer
  readonly headRecords: number
  readonly addresses: PreparedAddresses | undefined
  readonly authority: Buffer
  readonly authorityRecords: number
  readonly additional: Buffer
  readonly additionalRecords: number
  readonly byClient: boolean
  /** Seconds since 1970; infinite where nothing in it moves. */
  readonly goodFrom: number
  readonly goodUntil: number
  /** Counts answers, so that each gets the next turn. */
  turn: number
}

export interface PreparedAddresses {
  readonly wheel: Wheel
  readonly most: number
  /** One record a member, equally long. */
  readonly blocks: Buffer
  readonly blockBytes: number
}

const QUESTION_AT = 12

/** `name` is the question's: names in the answer are written as pointers into it. `turn` is whose turn is first. */
export function prepare(answer: ZoneAnswer, name: DnsName, turn: number): Prepared {
  const writer = new MessageWriter()
  writer.bytes(new Uint8Array(QUESTION_AT))
  writer.nameAs(name, nameToWire(name))
  writer.uint32(0)
  const write = (records: readonly ResourceRecord[]): Buffer => {
    const start = writer.length
    for (const record of records) writeRecord(writer, record)
    return Buffer.from(writer.written().subarray(start))
  }
  const head = write(answer.answer)
  const addresses = answer.rotating && prepareAddresses(answer.rotating, writer)
  return {
    ...countsOf(answer),
    head,
    addresses,
    authority: write(answer.authority),
    additional: write(answer.additional),
    turn,
  }
}

/** Without a pointer into the question, so that one serves every question: for names that are not there. */
export function prepareForAnyName(answer: ZoneAnswer): Prepared {
  const write = (records: readonly ResourceRecord[]): Buffer => {
    const writer = new MessageWriter({ compress: false })
    for (const record of records) writeRecord(writer, record)
    return Buffer.from(writer.written())
  }
  return {
    ...countsOf(answer),
    head: write(answer.answer),
    addresses: undefined,
    authority: write(answer.authority),
    additional: write(answer.additional),
    turn: 0,
  }
}

function countsOf(answer: ZoneAnswer) {
  const { rcode, authoritative, byClient, good } = answer
  return {
    rcode,
    authoritative,
    byClient,
    goodFrom: good?.from ?? Number.NEGATIVE_INFINITY,
    goodUntil: good?.until ?? Number.POSITIVE_INFINITY,
    headRecords: answer.answer.length,
    authorityRecords: answer.authority.length,
    additionalRecords: answer.additional.length,
  }
}

/** The owner was written before, in the question or as a CNAME's target, so each record begins with one pointer. */
function prepareAddresses(rotating: Rotating, writer: MessageWriter): PreparedAddresses {
  const { addresses, wheel, addressesMax, ttl } = rotating
  const owner = Buffer.from(writer.reference(rotating.owner))
  const addressBytes = addresses[0]?.byteLength ?? 4
  const blockBytes = owner.byteLength + 10 + addressBytes
  const blocks = Buffer.alloc(blockBytes * addresses.length)
  for (const [number, address] of addresses.entries()) {
    const at = number * blockBytes
    owner.copy(blocks, at)
    const fields = at + owner.byteLength
    blocks.writeUInt16BE(addressBytes === 4 ? TYPE.A : TYPE.AAAA, fields)
    blocks.writeUInt16BE(1, fields + 2)
    blocks.writeUInt32BE(ttl, fields + 4)
    blocks.writeUInt16BE(addressBytes, fields + 8)
    blocks.set(address, fields + 10)
  }
  return { wheel, most: addressesMax, blocks, blockBytes }
}
