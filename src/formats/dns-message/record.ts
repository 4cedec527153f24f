import { fail, type Outcome, ok } from '#base/outcome.ts'
import { CLASS, TYPE } from './codes.ts'
import { type DnsName, type NameFault, readName } from './name.ts'
import type { MessageWriter } from './writer.ts'

export interface ResourceRecord {
  readonly name: DnsName
  /** Seconds. */
  readonly ttl: number
  readonly class: number
  readonly data: RecordData
}

export type RecordData =
  /** 4 bytes for A, 16 for AAAA. */
  | { readonly kind: 'address'; readonly bytes: Uint8Array }
  | { readonly kind: 'ns' | 'cname'; readonly target: DnsName }
  | ({ readonly kind: 'soa' } & Soa)
  | { readonly kind: 'txt'; readonly strings: readonly Uint8Array[] }
  | { readonly kind: 'caa'; readonly flags: number; readonly tag: string; readonly value: string }
  /** Any other type, as its bytes (RFC 3597). */
  | { readonly kind: 'other'; readonly type: number; readonly bytes: Uint8Array }

export interface Soa {
  readonly primary: DnsName
  readonly mailbox: DnsName
  readonly serial: number
  /** Seconds, as the four that follow. */
  readonly refresh: number
  readonly retry: number
  readonly expire: number
  /** How long "there is no such thing" may be kept (RFC 2308). */
  readonly minimum: number
}

export type RecordFault = NameFault | { readonly kind: 'bad-record-data'; readonly type: number }

const SOA_NUMBERS_BYTES = 20
/** RFC 1035, 3.3: the length of a character-string is one byte. */
const STRING_BYTES_MAX = 255
const RECORD_HEAD_BYTES = 10

export function typeOf(data: RecordData): number {
  switch (data.kind) {
    case 'address':
      return data.bytes.byteLength === 4 ? TYPE.A : TYPE.AAAA
    case 'ns':
      return TYPE.NS
    case 'cname':
      return TYPE.CNAME
    case 'soa':
      return TYPE.SOA
    case 'txt':
      return TYPE.TXT
    case 'caa':
      return TYPE.CAA
    case 'other':
      return data.type
  }
}

/** One character-string for each text of up to 255 bytes; a longer text is cut into several. */
export function txt(...texts: readonly string[]): RecordData {
  const strings = texts.flatMap((text) => {
    const bytes = Buffer.from(text, 'latin1')
    const count = Math.max(Math.ceil(bytes.byteLength / STRING_BYTES_MAX), 1)
    return Array.from({ length: count }, (_, at) =>
      bytes.subarray(at * STRING_BYTES_MAX, (at + 1) * STRING_BYTES_MAX),
    )
  })
  return { kind: 'txt', strings }
}

export function writeRecord(writer: MessageWriter, record: ResourceRecord): void {
  writer.name(record.name)
  writer.uint16(typeOf(record.data))
  writer.uint16(record.class)
  writer.uint32(record.ttl)
  writer.sized(() => writeData(writer, record.data))
}

function writeData(writer: MessageWriter, data: RecordData): void {
  switch (data.kind) {
    case 'address':
    case 'other':
      writer.bytes(data.bytes)
      return
    case 'ns':
    case 'cname':
      writer.name(data.target)
      return
    case 'soa':
      writer.name(data.primary)
      writer.name(data.mailbox)
      for (const field of ['serial', 'refresh', 'retry', 'expire', 'minimum'] as const) {
        writer.uint32(data[field])
      }
      return
    case 'txt':
      for (const string of data.strings) {
        writer.uint8(string.byteLength)
        writer.bytes(string)
      }
      return
    case 'caa':
      writer.uint8(data.flags)
      writer.uint8(data.tag.length)
      writer.bytes(Buffer.from(data.tag + data.value, 'latin1'))
      return
  }
}

export interface ReadRecord {
  readonly record: ResourceRecord
  readonly next: number
}

export function readRecord(message: Uint8Array, at: number): Outcome<ReadRecord, RecordFault> {
  const owner = readName(message, at)
  if (!owner.ok) return owner
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  const head = owner.value.next
  if (head + RECORD_HEAD_BYTES > bytes.byteLength) return fail({ kind: 'truncated' })
  const type = bytes.readUInt16BE(head)
  const start = head + RECORD_HEAD_BYTES
  const next = start + bytes.readUInt16BE(head + 8)
  if (next > bytes.byteLength) return fail({ kind: 'truncated' })
  const data = readData(bytes, type, start, next)
  if (!data.ok) return data
  const ttl = bytes.readUInt32BE(head + 4)
  const record = {
    name: owner.value.name,
    ttl,
    class: bytes.readUInt16BE(head + 2),
    data: data.value,
  }
  return ok({ record, next })
}

function readData(
  message: Buffer,
  type: number,
  start: number,
  end: number,
): Outcome<RecordData, RecordFault> {
  const bytes = message.subarray(start, end)
  const bad = fail({ kind: 'bad-record-data', type } as const)
  switch (type) {
    case TYPE.A:
      return bytes.byteLength === 4 ? ok({ kind: 'address', bytes }) : bad
    case TYPE.AAAA:
      return bytes.byteLength === 16 ? ok({ kind: 'address', bytes }) : bad
    case TYPE.NS:
    case TYPE.CNAME: {
      const target = readName(message, start)
      if (!target.ok) return target
      if (target.value.next !== end) return bad
      return ok({ kind: type === TYPE.NS ? 'ns' : 'cname', target: target.value.name })
    }
    case TYPE.SOA:
      return readSoa(message, start, end)
    case TYPE.TXT:
      return readStrings(bytes) ?? bad
    case TYPE.CAA:
      return readCaa(bytes) ?? bad
    default:
      return ok({ kind: 'other', type, bytes })
  }
}

function readSoa(message: Buffer, start: number, end: number): Outcome<RecordData, RecordFault> {
  const primary = readName(message, start)
  if (!primary.ok) return primary
  const mailbox = readName(message, primary.value.next)
  if (!mailbox.ok) return mailbox
  const at = mailbox.value.next
  if (at + SOA_NUMBERS_BYTES !== end) return fail({ kind: 'bad-record-data', type: TYPE.SOA })
  return ok({
    kind: 'soa',
    primary: primary.value.name,
    mailbox: mailbox.value.name,
    serial: message.readUInt32BE(at),
    refresh: message.readUInt32BE(at + 4),
    retry: message.readUInt32BE(at + 8),
    expire: message.readUInt32BE(at + 12),
    minimum: message.readUInt32BE(at + 16),
  })
}

function readStrings(bytes: Uint8Array): Outcome<RecordData, RecordFault> | undefined {
  const strings: Uint8Array[] = []
  let at = 0
  while (at < bytes.byteLength) {
    const end = at + 1 + (bytes[at] ?? 0)
    if (end > bytes.byteLength) return undefined
    strings.push(bytes.subarray(at + 1, end))
    at = end
  }
  return strings.length === 0 ? undefined : ok({ kind: 'txt', strings })
}

function readCaa(bytes: Buffer): Outcome<RecordData, RecordFault> | undefined {
  const length = bytes[1] ?? 0
  if (length === 0 || bytes.byteLength < 2 + length) return undefined
  const tag = bytes.toString('latin1', 2, 2 + length)
  if (!/^[A-Za-z0-9]+$/.test(tag)) return undefined
  return ok({ kind: 'caa', flags: bytes[0] ?? 0, tag, value: bytes.toString('latin1', 2 + length) })
}

/** Of the Internet class, as almost every record is. */
export function internetRecord(name: DnsName, ttl: number, data: RecordData): ResourceRecord {
  return { name, ttl, class: CLASS.IN, data }
}
