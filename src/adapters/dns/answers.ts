import type { EpochSeconds } from '#base/time.ts'
import { placeAt } from '#core/places/index.ts'
import type { Wheel } from '#core/selection/index.ts'
import { type ZoneAnswer, type ZoneSnapshot, ZoneView } from '#core/zone/index.ts'
import {
  CLASS,
  type DnsName,
  type QueryReader,
  RCODE,
  readName,
  TYPE,
} from '#formats/dns-message/index.ts'
import { Kept } from './kept.ts'
import { type Prepared, prepare, prepareForAnyName } from './prepared.ts'

/** Types that clients and resolvers really ask for. Others are answered anew each time, so that no stranger fills the memory. */
export const KEPT_TYPES = new Set<number>([
  ...[TYPE.A, TYPE.AAAA, TYPE.TXT, TYPE.CNAME, TYPE.NS, TYPE.SOA, TYPE.CAA, TYPE.MX, TYPE.DS],
  // SVCB and HTTPS (RFC 9460): browsers ask for the latter beside every A.
  ...[64, 65],
])

/** Wrong names come again and again, from the same wrong settings. Strangers with ever new ones cost no more than these. */
const WRONG_NAMES_MAX = 4096

/** The prepared answers of one snapshot; the next snapshot gets its own. */
export class PreparedAnswers {
  readonly view: ZoneView
  readonly #kept = new Kept<Prepared>()
  readonly #absent = new Map<string, Prepared>()
  /** By the question's name; the few answers of `#absent`. */
  readonly #wrongNames = new Map<string, Prepared>()
  /** For names that nobody keeps (`db.ANYTHING`): ten thousand addresses are not written anew for each that a stranger makes up. */
  readonly #anyName = new Map<Wheel, Prepared>()
  readonly #draw: () => number

  /** `draw` gives whole numbers: where each answer begins its turns. From 0 each time, a zone that changes every second would favour the first. */
  constructor(snapshot: ZoneSnapshot, draw: () => number) {
    this.view = new ZoneView(snapshot)
    this.#draw = draw
  }

  /** Names that have something prepared. */
  get size(): number {
    return this.#kept.size
  }

  /** `placeOf` is called only where the answer depends on the client. */
  find(query: QueryReader, message: Buffer, placeOf: () => number, now: number): Prepared {
    if (query.class !== CLASS.IN) return this.#work(query, message, placeOf, now)
    const prepared = this.#kept.get(query, placeOf)
    if (prepared === undefined) {
      const wrong = this.#wrongNames.get(query.key)
      return wrong ?? this.#work(query, message, placeOf, now)
    }
    if (prepared.goodFrom <= now && now < prepared.goodUntil) return prepared
    return this.#work(query, message, placeOf, now)
  }

  #work(query: QueryReader, message: Buffer, placeOf: () => number, now: number): Prepared {
    const read = readName(message, 12)
    if (!read.ok) throw new Error('Cannot happen: the reader has read this name')
    const { name } = read.value
    const { type, class: of } = query
    const place = placeOf()
    const answer = this.view.answer({ name, type, class: of }, placeAt(place), now as EpochSeconds)
    if (answer.rcode === RCODE.NXDOMAIN) {
      const apex = answer.authority[0]?.name ?? ''
      const known = this.#absent.get(apex) ?? prepareForAnyName(answer)
      this.#absent.set(apex, known)
      if (this.#wrongNames.size === WRONG_NAMES_MAX) this.#wrongNames.clear()
      this.#wrongNames.set(query.key, known)
      return known
    }
    if (!answer.worthKeeping) return this.#forAnyName(answer, name)
    const prepared = prepare(answer, name, this.#draw())
    if (KEPT_TYPES.has(type)) {
      this.#kept.set(query, prepared.byClient ? place : undefined, prepared)
    }
    return prepared
  }

  /** Addresses alone point to the question and to nothing in it, so they serve every name with the same mirrors. */
  #forAnyName(answer: ZoneAnswer, name: DnsName): Prepared {
    const { rotating, byClient } = answer
    const known = rotating && this.#anyName.get(rotating.wheel)
    if (known !== undefined) return known
    const prepared = prepare(answer, name, this.#draw())
    if (rotating !== undefined && !byClient) this.#anyName.set(rotating.wheel, prepared)
    return prepared
  }
}
