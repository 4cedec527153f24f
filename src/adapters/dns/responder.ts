import type { EpochSeconds } from '#base/time.ts'
import type { ZoneKey } from '#core/dnssec/index.ts'
import type { RangeTable } from '#core/places/index.ts'
import { spin } from '#core/selection/index.ts'
import { ADDRESSES_MAX, type ZoneSnapshot } from '#core/zone/index.ts'
import {
  CLIENT_COOKIE_BYTES,
  COOKIE_BYTES,
  EDNS_FLAG,
  EDNS_OPTION,
  FLAG,
  makeCookie,
  QueryReader,
  RCODE,
  TsigSigner,
  TYPE,
  tsigRefusal,
  verifyTsig,
} from '#formats/dns-message/index.ts'
import type { DnsCounters } from '#ports/dns-server.ts'
import { PreparedAnswers } from './answers.ts'
import { Asker } from './asker.ts'
import { countResult, newCounters } from './counters.ts'
import { Limits } from './limits.ts'
import type { Prepared } from './prepared.ts'
import { type ResponderSetup, type Transport, UDP_BYTES_MAX } from './setup.ts'
import { Signing } from './signing.ts'
import { dice, OPTION_HEAD_BYTES, sizeLimit, writeBare, writeHeader, writeOption } from './wire.ts'

const OPT_BYTES = 11

/**
 * Answers one query into a given buffer. This is the path that runs for every packet: it makes no objects but the name's
 * key, looks up what was prepared, and patches id, flags and turn.
 */
export class Responder {
  readonly counters: DnsCounters = newCounters()
  readonly #query = new QueryReader()
  readonly #setup: Omit<ResponderSetup, 'snapshot' | 'places' | 'overrides'>
  readonly #limits: Limits
  readonly #turns: readonly Uint32Array[]
  readonly #draw: () => number
  readonly #asker: Asker
  #answers: PreparedAnswers
  /** Undefined: the zone is not signed. */
  readonly #signing: Signing | undefined

  constructor(setup: ResponderSetup) {
    const { snapshot, places, overrides, ...rest } = setup
    this.#setup = rest
    this.#limits = new Limits(setup, this.counters)
    this.#draw = dice(setup.seed)
    this.#answers = new PreparedAnswers(snapshot, this.#draw)
    this.#asker = new Asker(places, overrides)
    const { view } = this.#answers
    this.#signing = setup.dnssec && new Signing(setup.dnssec, view, this.counters, this.#draw)
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
    this.#signing?.answerFrom(this.#answers.view)
  }

  placeBy(places: RangeTable, overrides?: RangeTable): void {
    this.#asker.placeBy(places, overrides)
  }

  /** For a zone that is signed already. */
  signWith(keys: readonly ZoneKey[]): void {
    this.#signing?.signWith(keys)
  }

  get signaturesKept(): number {
    return this.#signing?.signaturesKept ?? 0
  }

  countersAt(nowMs: number): DnsCounters {
    return { ...this.counters, signaturesUntil: this.#signing?.soonestEnd(nowMs) ?? 0 }
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
      return writeBare(out, query, verdict === 'bad-format' ? RCODE.FORMERR : RCODE.NOTIMP)
    }
    if (query.edns && query.ednsVersion !== 0)
      return this.#empty(message, out, RCODE.BADVERS, nowMs)
    const asker = this.#asker
    asker.is(peer)
    if (query.subnetAt >= 0 && this.#setup.clientSubnet && !asker.useSubnet(query, message)) {
      counters.badQueries += 1
      return this.#empty(message, out, RCODE.FORMERR, nowMs)
    }
    if (query.type === TYPE.AXFR || query.type === TYPE.IXFR) {
      counters.refused += 1
      return this.#empty(message, out, RCODE.REFUSED, nowMs)
    }
    if (this.#signing?.concerns(query) === true)
      return this.#respondSigned(this.#signing, message, length, transport, nowMs, out)
    const prepared = this.#answers.find(query, message, asker.placeOf, Math.floor(nowMs / 1000))
    return this.#give(prepared, message, length, transport, nowMs, out)
  }

  #respondSigned(
    signing: Signing,
    message: Buffer,
    length: number,
    transport: Transport,
    nowMs: number,
    out: Buffer,
  ): number {
    const { counters } = this
    const query = this.#query
    if (query.type === TYPE.NXNAME) {
      // It is in the bitmaps of names that are not there, and nowhere else (RFC 9824, 3.5).
      counters.badQueries += 1
      return this.#empty(message, out, RCODE.FORMERR, nowMs)
    }
    const prepared = signing.find(query, message, this.#asker.placeOf, nowMs)
    if (prepared !== undefined) {
      if (query.dnssecOk) counters.signed += 1
      return this.#give(prepared, message, length, transport, nowMs, out)
    }
    // Over TCP there is a budget of its own, which forged addresses cannot use up.
    counters.signingLimited += 1
    return transport === 'tcp'
      ? this.#empty(message, out, RCODE.SERVFAIL, nowMs)
      : this.#cut(message, out, RCODE.NOERROR, nowMs)
  }

  #give(
    prepared: Prepared,
    message: Buffer,
    length: number,
    transport: Transport,
    nowMs: number,
    out: Buffer,
  ): number {
    const isSigned = this.#query.tsigAt >= 0
    if (isSigned) return this.#signed(prepared, message.subarray(0, length), nowMs, out)
    if (transport === 'udp') {
      const limited = this.#limit(prepared, message, nowMs, out)
      if (limited >= 0) return limited
    }
    countResult(this.counters, prepared.rcode)
    return this.#compose(prepared, message, transport, nowMs, out)
  }

  /** A secondary that asks for the SOA takes no answer without a signature (RFC 8945, 5.4). */
  #signed(prepared: Prepared, message: Buffer, nowMs: number, out: Buffer): number {
    const now = Math.floor(nowMs / 1000) as EpochSeconds
    const asked = { query: message, at: this.#query.tsigAt, now }
    const signed = verifyTsig(asked, this.#setup.tsigKeys)
    if (!signed.ok) {
      this.counters.badQueries += 1
      const plain = (rcode: number) => out.subarray(0, this.#empty(message, out, rcode, nowMs))
      return tsigRefusal(asked, signed.fault, plain).copy(out)
    }
    countResult(this.counters, prepared.rcode)
    const length = this.#compose(prepared, message, 'udp', nowMs, out)
    const signer = new TsigSigner(signed.value.key, signed.value.mac)
    const answer = signer.sign(out.subarray(0, length), now)
    if (answer.byteLength > out.byteLength) return this.#empty(message, out, RCODE.SERVFAIL, nowMs)
    return answer.copy(out)
  }

  /** -1: the answer may be sent. */
  #limit(prepared: Prepared, message: Buffer, nowMs: number, out: Buffer): number {
    switch (this.#limits.judge(prepared, this.#query, message, this.#asker.peer, nowMs)) {
      case 'send':
        return -1
      case 'drop':
        return 0
      case 'tell-cookie':
        return this.#empty(message, out, RCODE.BADCOOKIE, nowMs)
      case 'truncate':
        return this.#cut(message, out, RCODE.NOERROR, nowMs)
    }
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
    if (at + optBytes > limit) return this.#cut(message, out, prepared.rcode, nowMs)
    writeHeader(out, query, prepared.rcode, prepared.authoritative ? FLAG.AA : 0)
    out.writeUInt16BE(1, 4)
    out.writeUInt16BE(answers, 6)
    out.writeUInt16BE(prepared.authorityRecords, 8)
    out.writeUInt16BE(additional + (query.edns ? 1 : 0), 10)
    return query.edns ? this.#writeOpt(message, out, at, prepared, nowMs) : at
  }

  #cut(message: Buffer, out: Buffer, rcode: number, nowMs: number): number {
    this.counters.truncated += 1
    return this.#empty(message, out, rcode, nowMs, FLAG.TC | FLAG.AA)
  }

  /** The question and no records. */
  #empty(message: Buffer, out: Buffer, rcode: number, nowMs: number, flags = 0): number {
    const query = this.#query
    message.copy(out, 0, 0, query.questionEnd)
    writeHeader(out, query, rcode, flags)
    out.writeUInt16BE(1, 4)
    out.writeUInt32BE(0, 6)
    out.writeUInt16BE(query.edns ? 1 : 0, 10)
    if (!query.edns) return query.questionEnd
    return this.#writeOpt(message, out, query.questionEnd, undefined, nowMs, rcode)
  }

  #optBytes(): number {
    const cookie = this.#query.cookieAt < 0 ? 0 : OPTION_HEAD_BYTES + COOKIE_BYTES
    return OPT_BYTES + cookie + this.#asker.subnetOptionBytes(this.#query)
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
    out.writeUInt32BE(((rcode >> 4) << 24) | (query.ednsFlags & EDNS_FLAG.DO), start + 5)
    let at = start + OPT_BYTES
    const [secret] = this.#setup.cookieSecrets
    if (query.cookieAt >= 0 && secret !== undefined) {
      const client = message.subarray(query.cookieAt, query.cookieAt + CLIENT_COOKIE_BYTES)
      const now = Math.floor(nowMs / 1000) as EpochSeconds
      at += writeOption(
        out,
        at,
        EDNS_OPTION.COOKIE,
        makeCookie(client, this.#asker.peer, secret, now),
      )
    }
    at += this.#asker.writeSubnet(query, message, out, at, prepared?.byClient === true)
    out.writeUInt16BE(at - start - OPT_BYTES, start + 9)
    return at
  }
}
