import { fail, type Outcome, ok } from '#base/outcome.ts'
import { FLAG, HEADER_BYTES, TYPE } from './codes.ts'
import { type Edns, type EdnsFault, readEdns, writeEdns } from './edns.ts'
import { type DnsName, nameToWire, readName } from './name.ts'
import { type RecordFault, type ResourceRecord, readRecord, writeRecord } from './record.ts'
import { MessageWriter } from './writer.ts'

/** A whole message (RFC 1035, 4.1), decoded. Servers that must be fast read questions with `QueryReader`. */
export interface DnsMessage {
  readonly id: number
  readonly response: boolean
  readonly opcode: number
  readonly authoritative: boolean
  readonly truncated: boolean
  readonly recursionDesired: boolean
  readonly recursionAvailable: boolean
  readonly authenticData: boolean
  readonly checkingDisabled: boolean
  /** With the upper bits of EDNS. */
  readonly rcode: number
  readonly questions: readonly Question[]
  readonly answer: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  /** Without OPT. */
  readonly additional: readonly ResourceRecord[]
  readonly edns?: Edns
}

export interface Question {
  readonly name: DnsName
  readonly type: number
  readonly class: number
  /** Letters as they came (0x20), where that matters. */
  readonly wire?: Uint8Array
}

export type MessageFault =
  | RecordFault
  | EdnsFault
  | { readonly kind: 'trailing-bytes'; readonly bytes: number }
  | { readonly kind: 'several-opt' }

/** What a query is before it is told what to ask. */
export const QUERY: Omit<DnsMessage, 'id' | 'questions'> = {
  response: false,
  opcode: 0,
  authoritative: false,
  truncated: false,
  recursionDesired: false,
  recursionAvailable: false,
  authenticData: false,
  checkingDisabled: false,
  rcode: 0,
  answer: [],
  authority: [],
  additional: [],
}

export function parseMessage(message: Uint8Array): Outcome<DnsMessage, MessageFault> {
  if (message.byteLength < HEADER_BYTES) return fail({ kind: 'truncated' })
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  const count = (at: number) => bytes.readUInt16BE(at)
  const questions = readQuestions(bytes, count(4))
  if (!questions.ok) return questions
  let at = questions.value.next
  const sections: ResourceRecord[][] = []
  for (const records of [count(6), count(8), count(10)]) {
    const section: ResourceRecord[] = []
    for (let number = 0; number < records; number += 1) {
      const read = readRecord(bytes, at)
      if (!read.ok) return read
      section.push(read.value.record)
      at = read.value.next
    }
    sections.push(section)
  }
  if (at !== bytes.byteLength) {
    return fail({ kind: 'trailing-bytes', bytes: bytes.byteLength - at })
  }
  const [answer = [], authority = [], additional = []] = sections
  const edns = ednsOf(additional)
  if (!edns.ok) return edns
  return ok({
    ...readFlags(count(2), edns.value),
    id: count(0),
    questions: questions.value.questions,
    answer,
    authority,
    additional: additional.filter((record) => !isOpt(record)),
    ...(edns.value === undefined ? {} : { edns: edns.value }),
  })
}

export function printMessage(message: DnsMessage): Uint8Array {
  const writer = new MessageWriter()
  const { questions, answer, authority, additional, edns } = message
  writer.uint16(message.id)
  writer.uint16(flagsOf(message))
  writer.uint16(questions.length)
  writer.uint16(answer.length)
  writer.uint16(authority.length)
  writer.uint16(additional.length + (edns === undefined ? 0 : 1))
  for (const { name, type, class: of, wire } of questions) {
    writer.nameAs(name, wire ?? nameToWire(name))
    writer.uint16(type)
    writer.uint16(of)
  }
  for (const record of [...answer, ...authority, ...additional]) writeRecord(writer, record)
  if (edns !== undefined) writeEdns(writer, { ...edns, extendedRcode: message.rcode >> 4 })
  return Uint8Array.from(writer.written())
}

function flagsOf(message: DnsMessage): number {
  const bit = (on: boolean, flag: number) => (on ? flag : 0)
  return (
    bit(message.response, FLAG.QR) |
    ((message.opcode << 11) & FLAG.OPCODE) |
    bit(message.authoritative, FLAG.AA) |
    bit(message.truncated, FLAG.TC) |
    bit(message.recursionDesired, FLAG.RD) |
    bit(message.recursionAvailable, FLAG.RA) |
    bit(message.authenticData, FLAG.AD) |
    bit(message.checkingDisabled, FLAG.CD) |
    (message.rcode & FLAG.RCODE)
  )
}

function readFlags(word: number, edns: Edns | undefined) {
  return {
    response: (word & FLAG.QR) !== 0,
    opcode: (word & FLAG.OPCODE) >> 11,
    authoritative: (word & FLAG.AA) !== 0,
    truncated: (word & FLAG.TC) !== 0,
    recursionDesired: (word & FLAG.RD) !== 0,
    recursionAvailable: (word & FLAG.RA) !== 0,
    authenticData: (word & FLAG.AD) !== 0,
    checkingDisabled: (word & FLAG.CD) !== 0,
    rcode: (word & FLAG.RCODE) | ((edns?.extendedRcode ?? 0) << 4),
  }
}

function readQuestions(
  bytes: Buffer,
  count: number,
): Outcome<{ readonly questions: readonly Question[]; readonly next: number }, MessageFault> {
  const questions: Question[] = []
  let at = HEADER_BYTES
  for (let number = 0; number < count; number += 1) {
    const read = readName(bytes, at)
    if (!read.ok) return read
    const { name, wire, next } = read.value
    if (next + 4 > bytes.byteLength) return fail({ kind: 'truncated' })
    questions.push({
      name,
      wire,
      type: bytes.readUInt16BE(next),
      class: bytes.readUInt16BE(next + 2),
    })
    at = next + 4
  }
  return ok({ questions, next: at })
}

function isOpt({ data }: ResourceRecord): boolean {
  return data.kind === 'other' && data.type === TYPE.OPT
}

function ednsOf(additional: readonly ResourceRecord[]): Outcome<Edns | undefined, MessageFault> {
  const [opt, another] = additional.filter(isOpt)
  if (another !== undefined) return fail({ kind: 'several-opt' })
  if (opt?.data.kind !== 'other') return ok(undefined)
  return readEdns(opt.class, opt.ttl, opt.data.bytes)
}
