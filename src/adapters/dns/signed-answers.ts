import { type EpochSeconds, epochSeconds } from '#base/time.ts'
import { denial } from '#core/dnssec/index.ts'
import { placeAt } from '#core/places/index.ts'
import { typesAt, type ZoneAnswer, type ZoneView } from '#core/zone/index.ts'
import {
  CLASS,
  type DnsName,
  isBelow,
  type QueryReader,
  type Question,
  RCODE,
  type ResourceRecord,
  readName,
  TYPE,
} from '#formats/dns-message/index.ts'
import { KEPT_TYPES } from './answers.ts'
import { Kept } from './kept.ts'
import { type Prepared, prepare } from './prepared.ts'
import type { Purpose } from './signatures.ts'
import {
  type Cell,
  inTurn,
  isOfNow,
  newPlace,
  type Place,
  strangersTurn,
  turnOf,
  turnTaken,
} from './turns.ts'
import { isKeyType, type SignedSection, type ZoneSigner } from './zone-signer.ts'

/** Prepared answers, some 700 bytes each. Beyond, all are forgotten; the signatures stay. */
const KEPT_MAX = 16_384
/** A clock that is set back makes the signer forget by itself. */
const LONG_AGO = epochSeconds(0)

/**
 * The answers of one snapshot to those who want signatures (DO), and to everybody who asks for the zone's keys. As
 * `PreparedAnswers`, save that what takes turns is subsets that are signed as wholes, in every order.
 */
export class SignedAnswers {
  readonly #view: ZoneView
  readonly #signer: ZoneSigner
  readonly #draw: () => number
  #cells = new Kept<Cell>()
  #shared = new WeakMap<readonly ResourceRecord[], SignedSection>()
  #kept = 0

  constructor(view: ZoneView, signer: ZoneSigner, draw: () => number) {
    this.#view = view
    this.#signer = signer
    this.#draw = draw
  }

  /** Undefined: too many signatures would have to be made. */
  find(
    query: QueryReader,
    message: Buffer,
    placeOf: () => number,
    nowMs: number,
  ): Prepared | undefined {
    const now = Math.floor(nowMs / 1000)
    if (this.#signer.follow(now as EpochSeconds)) this.#forget()
    const isKept = query.dnssecOk && query.class === CLASS.IN
    const cell = isKept ? this.#cells.get(query, placeOf) : undefined
    if (cell === undefined) return this.#work(query, message, placeOf(), nowMs, undefined)
    const turn = cell.next % cell.turns.length
    cell.next = (cell.next + 1) >>> 0
    const isGood = (one: Prepared | undefined) =>
      one !== undefined && one.goodFrom <= now && now < one.goodUntil
    const found = cell.turns[turn]
    if (isGood(found) && !this.#isToMove(cell, turn, nowMs)) return found
    const other = isGood(found) ? found : cell.turns.find(isGood)
    const at = { cell, turn, purpose: other === undefined ? 'known' : 'renewal' } as const
    return this.#work(query, message, placeOf(), nowMs, at) ?? other
  }

  #isToMove(cell: Cell, turn: number, nowMs: number): boolean {
    return !isOfNow(cell, turn, nowMs) && this.#signer.hasSpare(nowMs)
  }

  #forget(): void {
    this.#cells = new Kept()
    this.#shared = new WeakMap()
    this.#kept = 0
  }

  #work(
    query: QueryReader,
    message: Buffer,
    place: number,
    nowMs: number,
    at: Place | undefined,
  ): Prepared | undefined {
    const read = readName(message, 12)
    if (!read.ok) throw new Error('Cannot happen: the reader has read this name')
    const question = { name: read.value.name, type: query.type, class: query.class }
    const now = epochSeconds(Math.floor(nowMs / 1000))
    const answer = this.#answer(question, place, now)
    const isOurs = answer.authoritative && isBelow(question.name, this.#view.zone)
    if (!isOurs || !query.dnssecOk) return prepare(answer, question.name, this.#draw())
    const isKept = answer.worthKeeping && (KEPT_TYPES.has(query.type) || isKeyType(query.type))
    if (!isKept) {
      const turn =
        answer.rotating === undefined
          ? 0
          : strangersTurn(answer.rotating, question.name, this.#draw(), nowMs)
      return prepareFor(query, question, this.#sign(answer, question, turn, 'stranger', nowMs))
    }
    const { cell, turn, purpose } = at ?? newPlace(answer.rotating, this.#draw())
    const signed = this.#sign(
      answer,
      question,
      turnOf(cell, turn, answer.rotating, nowMs),
      purpose,
      nowMs,
    )
    const prepared = prepareFor(query, question, signed)
    if (prepared === undefined) return undefined
    if (at === undefined) this.#cells.set(query, answer.byClient ? place : undefined, cell)
    this.#kept += cell.turns[turn] === undefined ? 1 : 0
    turnTaken(cell, turn, prepared, nowMs)
    if (this.#kept > KEPT_MAX) this.#forget()
    return prepared
  }

  /** As the zone has it, with the types that only a signed zone has. */
  #answer(question: Question, place: number, now: EpochSeconds): ZoneAnswer {
    const { name, type } = question
    const answer = this.#view.answer(question, placeAt(place), now)
    if (name !== this.#view.zone || !isKeyType(type) || question.class !== CLASS.IN) return answer
    const records = this.#signer.keyRecords(type)
    return records.length === 0 ? answer : { ...answer, answer: records, authority: [] }
  }

  #sign(
    answer: ZoneAnswer,
    question: Question,
    turn: number,
    purpose: Purpose,
    nowMs: number,
  ): ZoneAnswer | undefined {
    const now = epochSeconds(Math.floor(nowMs / 1000))
    const { rotating, ...rest } = answer
    const records = [...answer.answer, ...(rotating === undefined ? [] : inTurn(rotating, turn))]
    if (question.type === TYPE.NSEC || question.type === TYPE.RRSIG) {
      return this.#signedNsec(answer, question, purpose, nowMs)
    }
    const own = this.#signer.sign(records, purpose, nowMs)
    const authority = own && this.#signShared(answer.authority, nowMs)
    const isNegative = answer.authority.length > 0
    const denied = isNegative ? [this.#denial(deniedName(answer, question), now)] : []
    const denial = authority && this.#signer.sign(denied, purpose, nowMs)
    const additional = denial && this.#signer.sign(answer.additional, purpose, nowMs)
    if (own === undefined || authority === undefined) return undefined
    if (denial === undefined || additional === undefined) return undefined
    const renewals = [own, authority, denial, additional].map(({ renewAt }) => renewAt)
    const renewAt = Math.min(...renewals)
    return {
      ...rest,
      answer: own.records,
      authority: [...authority.records, ...denial.records],
      additional: additional.records,
      good: {
        from: answer.good?.from ?? LONG_AGO,
        until: epochSeconds(Math.min(renewAt, answer.good?.until ?? renewAt)),
      },
    }
  }

  /** The SOA that every denial carries is one value of the view, so it need not be put into canonical form each time. */
  #signShared(section: readonly ResourceRecord[], nowMs: number): SignedSection | undefined {
    const known = this.#shared.get(section)
    if (known !== undefined && known.renewAt > nowMs / 1000) return known
    const signed = this.#signer.sign(section, 'known', nowMs)
    if (signed !== undefined) this.#shared.set(section, signed)
    return signed
  }

  /** Every name has an NSEC, made when it is asked for. Of signatures alone, its own is the one that is told. */
  #signedNsec(
    answer: ZoneAnswer,
    { name, type }: Question,
    purpose: Purpose,
    nowMs: number,
  ): ZoneAnswer | undefined {
    const now = epochSeconds(Math.floor(nowMs / 1000))
    const signed = this.#signer.sign([this.#denial(name, now)], purpose, nowMs)
    if (signed === undefined) return undefined
    const records = type === TYPE.NSEC ? signed.records : signed.records.slice(1)
    const { rotating: _, ...rest } = answer
    return {
      ...rest,
      answer: records,
      authority: [],
      additional: [],
      good: { from: LONG_AGO, until: epochSeconds(signed.renewAt) },
    }
  }

  #denial(name: DnsName, now: EpochSeconds): ResourceRecord {
    const { minimum } = this.#view.snapshot.authority
    const types = typesAt(this.#view, name, now)
    const ttl = Math.min(minimum, this.#view.snapshot.policy.ttl.hosts)
    if (name !== this.#view.zone) return denial(name, types, ttl)
    const ofKeys = [TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY].filter(
      (type) => this.#signer.keyRecords(type).length > 0,
    )
    return denial(name, [...(types ?? []), ...ofKeys], ttl)
  }
}

/** "No such name" is told as such only to those who look for it (RFC 9824, 5.1). */
function prepareFor(
  { compactOk }: QueryReader,
  { name }: Question,
  answer: ZoneAnswer | undefined,
): Prepared | undefined {
  if (answer === undefined) return undefined
  const isHidden = answer.rcode === RCODE.NXDOMAIN && !compactOk
  return prepare(isHidden ? { ...answer, rcode: RCODE.NOERROR } : answer, name, 0)
}

/** Of a chain of one name to another, the last is the one that has no such type. */
function deniedName({ answer }: ZoneAnswer, { name }: Question): DnsName {
  const last = answer.at(-1)
  return last?.data.kind === 'cname' ? last.data.target : name
}
