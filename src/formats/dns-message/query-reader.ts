import { EDNS_FLAG, EDNS_OPTION, FLAG, HEADER_BYTES, OPCODE, TYPE } from './codes.ts'
import { LABEL_BYTES_MAX, NAME_BYTES_MAX } from './name.ts'

/** `drop`: an answer to it could start a loop, or there is not even an id to answer to. */
export type QueryVerdict = 'good' | 'drop' | 'bad-format' | 'not-implemented'

/** More records than any honest query carries: OPT, TSIG, and the SOA of an IXFR. */
const RECORDS_MAX = 4
const RECORD_HEAD_BYTES = 10

/**
 * Reads one query without making anything but the name's key, since a server does this a hundred thousand times a
 * second. Its fields hold until the next `read`. Strict: every byte belongs to something known.
 */
export class QueryReader {
  id = 0
  flags = 0
  /** The question's name as it travels, letters small: compares equal whatever the case (RFC 4343). */
  key = ''
  type = 0
  class = 0
  /** Behind the question. */
  questionEnd = HEADER_BYTES
  edns = false
  udpBytes = 0
  ednsVersion = 0
  ednsFlags = 0
  /** Where the value of the option lies; -1: there is none. */
  cookieAt = -1
  cookieBytes = 0
  subnetAt = -1
  subnetBytes = 0
  /** Where the TSIG record begins; -1: the query is not signed. */
  tsigAt = -1
  /** Of the SOA in an IXFR's authority section (RFC 1995); -1: none. */
  authorityAt = -1

  read(bytes: Buffer, length: number): QueryVerdict {
    if (length < HEADER_BYTES) return 'drop'
    this.#forget()
    this.id = bytes.readUInt16BE(0)
    this.flags = bytes.readUInt16BE(2)
    if ((this.flags & FLAG.QR) !== 0) return 'drop'
    if ((this.flags & FLAG.OPCODE) >> 11 !== OPCODE.QUERY) return 'not-implemented'
    if (bytes.readUInt16BE(4) !== 1 || bytes.readUInt16BE(6) !== 0) return 'bad-format'
    const nameEnd = skipName(bytes, HEADER_BYTES, length, false)
    if (nameEnd < 0 || nameEnd + 4 > length) return 'bad-format'
    this.key = bytes.toString('latin1', HEADER_BYTES, nameEnd).toLowerCase()
    this.type = bytes.readUInt16BE(nameEnd)
    this.class = bytes.readUInt16BE(nameEnd + 2)
    this.questionEnd = nameEnd + 4
    return this.#readRecords(bytes, length) ? 'good' : 'bad-format'
  }

  get recursionDesired(): boolean {
    return (this.flags & FLAG.RD) !== 0
  }

  get dnssecOk(): boolean {
    return (this.ednsFlags & EDNS_FLAG.DO) !== 0
  }

  /** Takes "no such name" as such beside a compact denial of existence (RFC 9824, 5.1). */
  get compactOk(): boolean {
    return (this.ednsFlags & EDNS_FLAG.CO) !== 0
  }

  #forget(): void {
    this.key = ''
    this.type = 0
    this.class = 0
    this.questionEnd = HEADER_BYTES
    this.edns = false
    this.udpBytes = 0
    this.ednsVersion = 0
    this.ednsFlags = 0
    this.cookieAt = -1
    this.subnetAt = -1
    this.tsigAt = -1
    this.authorityAt = -1
  }

  #readRecords(bytes: Buffer, length: number): boolean {
    const authority = bytes.readUInt16BE(8)
    const records = authority + bytes.readUInt16BE(10)
    if (records === 0) return this.questionEnd === length
    if (records > RECORDS_MAX || authority > 1) return false
    if (authority === 1 && this.type !== TYPE.IXFR) return false
    let at = this.questionEnd
    for (let number = 0; number < records; number += 1) {
      // Signed is everything before it, so TSIG is the last (RFC 8945, 5.1).
      if (this.tsigAt >= 0) return false
      const head = skipName(bytes, at, length, true)
      if (head < 0 || head + RECORD_HEAD_BYTES > length) return false
      const end = head + RECORD_HEAD_BYTES + bytes.readUInt16BE(head + 8)
      if (end > length) return false
      const type = bytes.readUInt16BE(head)
      if (number < authority) this.authorityAt = at
      else if (type === TYPE.TSIG) this.tsigAt = at
      else if (type === TYPE.OPT && !this.#readOpt(bytes, at, head, end)) return false
      at = end
    }
    return at === length
  }

  #readOpt(bytes: Buffer, at: number, head: number, end: number): boolean {
    if (this.edns || head !== at + 1) return false
    this.edns = true
    this.udpBytes = bytes.readUInt16BE(head + 2)
    this.ednsVersion = bytes[head + 5] ?? 0
    this.ednsFlags = bytes.readUInt16BE(head + 6)
    let option = head + RECORD_HEAD_BYTES
    while (option < end) {
      if (option + 4 > end) return false
      const code = bytes.readUInt16BE(option)
      const size = bytes.readUInt16BE(option + 2)
      const value = option + 4
      if (value + size > end) return false
      if (code === EDNS_OPTION.COOKIE && this.cookieAt < 0) {
        // RFC 7873, 4: 8 bytes, or 16 to 40 with the server's part.
        if (size !== 8 && (size < 16 || size > 40)) return false
        this.cookieAt = value
        this.cookieBytes = size
      }
      if (code === EDNS_OPTION.CLIENT_SUBNET && this.subnetAt < 0) {
        this.subnetAt = value
        this.subnetBytes = size
      }
      option = value + size
    }
    return true
  }
}

/** Where the name ends; -1 when it does not, or is none. The first name of a message has nothing to point to. */
function skipName(bytes: Buffer, start: number, length: number, mayPoint: boolean): number {
  let at = start
  while (at < length) {
    const label = bytes[at] ?? 0
    if (label === 0) return at + 1 - start > NAME_BYTES_MAX ? -1 : at + 1
    if (label >= 0xc0) return mayPoint && at + 2 <= length ? at + 2 : -1
    if (label > LABEL_BYTES_MAX) return -1
    at += 1 + label
  }
  return -1
}
