import { prefixContains } from '#base/ip-address.ts'
import type { EpochSeconds } from '#base/time.ts'
import { EMPTY_TABLE, findPlaceWith, type RangeTable } from '#core/places/index.ts'
import { spin } from '#core/selection/index.ts'
import { ADDRESSES_MAX, type ZoneSnapshot } from '#core/zone/index.ts'
import {
  CLIENT_COOKIE_BYTES,
  COOKIE_BYTES,
  EDNS_OPTION,
  FLAG,
  HEADER_BYTES,
  isGoodCookie,
  makeCookie,
  QueryReader,
  RCODE,
  readClientSubnet,
  TsigSigner,
  TYPE,
  verifyTsig,
} from '#formats/dns-message/index.ts'
import type { DnsCounters } from '#ports/dns-server.ts'
import { PreparedAnswers } from './answers.ts'
import { newCounters } from './counters.ts'
import type { Prepared } from './prepared.ts'
import { RateLimiter } from './rate-limit.ts'
import { type ResponderSetup, type Transport, UDP_BYTES_MAX } from './setup.ts'
import { dice, kindOf, OPTION_HEAD_BYTES, sizeLimit, writeOption } from './wire.ts'

const OPT_BYTES = 11
/** In the option of RFC 7871: family (2), source, scope. */
const SOURCE_AT = 2
const SCOPE_AT = 3

/**
 * Answers one query into a given buffer. This is the path that runs for every packet: it makes no objects but the name's
 * key, looks up what was prepared, and patches id, flags and turn.
 */
export class Responder {
  readonly counters: DnsCounters = newCounters()
  readonly #query = new QueryReader()
  readonly #setup: Omit<ResponderSetup, 'snapshot' | 'places' | 'overrides'>
  readonly #limiter: RateLimiter
  readonly #turns: readonly Uint32Array[]
  readonly #draw: () => number
  #answers: PreparedAnswers
  #places: RangeTable
  #overrides: RangeTable
  /** Of the query at hand. */
  #peer: Uint8Array = new Uint8Array(4)
  #asFrom: Uint8Array = this.#peer
  #subnetUsed = false
  readonly #placeOf = () => findPlaceWith(this.#overrides, this.#places, this.#asFrom)

  constructor(setup: ResponderSetup) {
    const { snapshot, places, overrides, ...rest } = setup
    this.#setup = rest
    this.#limiter = new RateLimiter(setup.rateLimit, setup.seed)
    this.#draw = dice(setup.seed)
    this.#answers = new PreparedAnswers(snapshot, this.#draw)
    this.#places = places
    this.#overrides = overrides
    this.#turns = Array.from({ length: ADDRESSES_MAX + 1 }, (_, room) => new Uint32Array(room))
  }

  get snapshot(): ZoneSnapshot {
    return this.#answers.view.snapshot
  }

  /** Bounded by the names of the zone, whatever strangers ask. */
  get preparedNames(): number {
    return this.#answers.size
  }

  answerFrom(snapshot: ZoneSnapshot): void {
    this.#answers = new PreparedAnswers(snapshot, this.#draw)
  }

  placeBy(places: RangeTable, overrides: RangeTable = EMPTY_TABLE): void {
    this.#places = places
    this.#overrides = overrides
  }

  /** Length of the answer in `out`, which must have room for the transport's largest; 0: there is none. */
  respond(
    message: Buffer,
    length: number,
    peer: Uint8Array,
    transport: Transport,
    nowMs: number,
    out: Buffer,
  ): number {
    const { counters } = this
    const query = this.#query
    counters.queries += 1
    const verdict = query.read(message, length)
    if (verdict === 'drop') {
      counters.dropped += 1
      return 0
    }
    if (verdict !== 'good') {
      counters.badQueries += 1
      return this.#bare(out, verdict === 'bad-format' ? RCODE.FORMERR : RCODE.NOTIMP)
    }
    if (query.edns && query.ednsVersion !== 0)
      return this.#empty(message, out, RCODE.BADVERS, nowMs)
    this.#peer = peer
    this.#asFrom = peer
    this.#subnetUsed = false
    if (query.subnetAt >= 0 && this.#setup.clientSubnet && !this.#useSubnet(message)) {
      counters.badQueries += 1
      return this.#empty(message, out, RCODE.FORMERR, nowMs)
    }
    if (query.type === TYPE.AXFR || query.type === TYPE.IXFR) {
      counters.refused += 1
      return this.#empty(message, out, RCODE.REFUSED, nowMs)
    }
    const now = Math.floor(nowMs / 1000)
    const prepared = this.#answers.find(query, message, this.#placeOf, now)
    if (query.tsigAt >= 0) return this.#signed(prepared, message.subarray(0, length), nowMs, out)
    if (transport === 'udp') {
      const limited = this.#limit(prepared, message, nowMs, out)
      if (limited >= 0) return limited
    }
    this.#count(prepared.rcode)
    return this.#compose(prepared, message, transport, nowMs, out)
  }

  /** A secondary that asks for the SOA takes no answer without a signature (RFC 8945, 5.4). */
  #signed(prepared: Prepared, message: Buffer, nowMs: number, out: Buffer): number {
    const now = Math.floor(nowMs / 1000) as EpochSeconds
    const signed = verifyTsig(message, this.#query.tsigAt, this.#setup.tsigKeys, now)
    if (!signed.ok) {
      this.counters.badQueries += 1
      return this.#empty(message, out, RCODE.NOTAUTH, nowMs)
    }
    this.#count(prepared.rcode)
    const length = this.#compose(prepared, message, 'udp', nowMs, out)
    const signer = new TsigSigner(signed.value.key, signed.value.mac)
    const answer = signer.sign(out.subarray(0, length), now)
    if (answer.byteLength > out.byteLength) return this.#empty(message, out, RCODE.SERVFAIL, nowMs)
    return answer.copy(out)
  }

  #count(rcode: number): void {
    if (rcode === RCODE.NOERROR) this.counters.noError += 1
    else if (rcode === RCODE.NXDOMAIN) this.counters.nxDomain += 1
    else this.counters.refused += 1
  }

  /** -1: the answer may be sent. */
  #limit(prepared: Prepared, message: Buffer, nowMs: number, out: Buffer): number {
    const { rateLimit, unlimited } = this.#setup
    if (rateLimit.perSecond === 0) return -1
    if (this.#hasGoodCookie(message, nowMs)) {
      this.counters.goodCookies += 1
      return -1
    }
    const peer = this.#peer
    if (unlimited.some((prefix) => prefixContains(prefix, peer))) return -1
    const verdict = this.#limiter.judge(peer, kindOf(prepared), nowMs)
    if (verdict === 'send') return -1
    this.counters.limited += 1
    // Whoever speaks cookies is told his; with it he is not limited any more (RFC 7873, 5.2.3).
    if (this.#query.cookieAt >= 0) return this.#empty(message, out, RCODE.BADCOOKIE, nowMs)
    if (verdict === 'drop') return 0
    this.counters.truncated += 1
    return this.#empty(message, out, RCODE.NOERROR, nowMs, FLAG.TC | FLAG.AA)
  }

  #hasGoodCookie(message: Buffer, nowMs: number): boolean {
    const { cookieAt, cookieBytes } = this.#query
    if (cookieAt < 0 || cookieBytes !== COOKIE_BYTES) return false
    const cookie = message.subarray(cookieAt, cookieAt + cookieBytes)
    const now = Math.floor(nowMs / 1000) as EpochSeconds
    return isGoodCookie(cookie, this.#peer, this.#setup.cookieSecrets, now)
  }

  /** False: the option is not as RFC 7871 demands. */
  #useSubnet(message: Buffer): boolean {
    const { subnetAt, subnetBytes } = this.#query
    const subnet = readClientSubnet(message.subarray(subnetAt, subnetAt + subnetBytes))
    if (!subnet.ok || subnet.value.scopeBits !== 0) return false
    this.#subnetUsed = true
    // With no bits at all the asker wants nobody to be placed (RFC 7871, 7.1.2).
    if (subnet.value.sourceBits > 0) this.#asFrom = subnet.value.address
    return true
  }

  #compose(
    prepared: Prepared,
    message: Buffer,
    transport: Transport,
    nowMs: number,
    out: Buffer,
  ): number {
    const query = this.#query
    const limit = sizeLimit(query, transport)
    const optBytes = query.edns ? this.#optBytes() : 0
    message.copy(out, 0, 0, query.questionEnd)
    let at = query.questionEnd
    at += prepared.head.copy(out, at)
    let answers = prepared.headRecords
    if (prepared.addresses !== undefined) {
      const { blocks, blockBytes, wheel, most } = prepared.addresses
      const room = Math.floor((limit - at - optBytes) / blockBytes)
      const into = this.#turns[Math.max(Math.min(room, most), 0)] ?? new Uint32Array()
      const count = spin(wheel, prepared.turn, into)
      prepared.turn = (prepared.turn + 1) >>> 0
      for (let number = 0; number < count; number += 1) {
        const from = (into[number] ?? 0) * blockBytes
        blocks.copy(out, at, from, from + blockBytes)
        at += blockBytes
      }
      answers += count
    }
    at += prepared.authority.copy(out, at)
    let additional = 0
    if (at + prepared.additional.byteLength + optBytes <= limit) {
      at += prepared.additional.copy(out, at)
      additional = prepared.additionalRecords
    }
    if (at + optBytes > limit) {
      this.counters.truncated += 1
      return this.#empty(message, out, prepared.rcode, nowMs, FLAG.TC | FLAG.AA)
    }
    this.#header(out, prepared.rcode, prepared.authoritative ? FLAG.AA : 0)
    out.writeUInt16BE(1, 4)
    out.writeUInt16BE(answers, 6)
    out.writeUInt16BE(prepared.authorityRecords, 8)
    out.writeUInt16BE(additional + (query.edns ? 1 : 0), 10)
    return query.edns ? this.#writeOpt(message, out, at, prepared, nowMs) : at
  }

  /** The question and no records. */
  #empty(message: Buffer, out: Buffer, rcode: number, nowMs: number, flags = 0): number {
    const query = this.#query
    message.copy(out, 0, 0, query.questionEnd)
    this.#header(out, rcode, flags)
    out.writeUInt16BE(1, 4)
    out.writeUInt32BE(0, 6)
    out.writeUInt16BE(query.edns ? 1 : 0, 10)
    if (!query.edns) return query.questionEnd
    return this.#writeOpt(message, out, query.questionEnd, undefined, nowMs, rcode)
  }

  /** A header alone, where the question could not be read. */
  #bare(out: Buffer, rcode: number): number {
    this.#header(out, rcode, this.#query.flags & FLAG.OPCODE)
    out.fill(0, 4, HEADER_BYTES)
    return HEADER_BYTES
  }

  #header(out: Buffer, rcode: number, flags: number): void {
    const { id, flags: asked } = this.#query
    const kept = asked & (FLAG.RD | FLAG.CD)
    out.writeUInt16BE(id, 0)
    out.writeUInt16BE(FLAG.QR | flags | kept | (rcode & FLAG.RCODE), 2)
  }

  #optBytes(): number {
    const { cookieAt, subnetBytes } = this.#query
    const cookie = cookieAt < 0 ? 0 : OPTION_HEAD_BYTES + COOKIE_BYTES
    return OPT_BYTES + cookie + (this.#subnetUsed ? OPTION_HEAD_BYTES + subnetBytes : 0)
  }

  #writeOpt(
    message: Buffer,
    out: Buffer,
    start: number,
    prepared: Prepared | undefined,
    nowMs: number,
    rcode = 0,
  ): number {
    const query = this.#query
    out[start] = 0
    out.writeUInt16BE(TYPE.OPT, start + 1)
    out.writeUInt16BE(UDP_BYTES_MAX, start + 3)
    out.writeUInt32BE(((rcode >> 4) << 24) | (query.dnssecOk ? 0x8000 : 0), start + 5)
    let at = start + OPT_BYTES
    const [secret] = this.#setup.cookieSecrets
    if (query.cookieAt >= 0 && secret !== undefined) {
      const client = message.subarray(query.cookieAt, query.cookieAt + CLIENT_COOKIE_BYTES)
      const now = Math.floor(nowMs / 1000) as EpochSeconds
      at += writeOption(out, at, EDNS_OPTION.COOKIE, makeCookie(client, this.#peer, secret, now))
    }
    if (this.#subnetUsed) {
      const value = message.subarray(query.subnetAt, query.subnetAt + query.subnetBytes)
      // The answer holds for exactly the network that was told, or for everybody (RFC 7871, 7.2.1).
      const bytes = writeOption(out, at, EDNS_OPTION.CLIENT_SUBNET, value)
      const scope = prepared?.byClient === true ? value[SOURCE_AT] : 0
      out[at + OPTION_HEAD_BYTES + SCOPE_AT] = scope ?? 0
      at += bytes
    }
    out.writeUInt16BE(at - start - OPT_BYTES, start + 9)
    return at
  }
}
