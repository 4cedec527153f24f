import type { EpochSeconds } from '#base/time.ts'
import { PLACE_COUNT, placeAt } from '#core/places/index.ts'
import { type ZoneSnapshot, ZoneView } from '#core/zone/index.ts'
import { CLASS, type QueryReader, RCODE, readName, TYPE } from '#formats/dns-message/index.ts'
import { type Prepared, prepare, prepareForAnyName } from './prepared.ts'

/** Types that clients and resolvers really ask for. Others are answered anew each time, so that no stranger fills the memory. */
export const KEPT_TYPES = new Set<number>([
  ...[TYPE.A, TYPE.AAAA, TYPE.TXT, TYPE.CNAME, TYPE.NS, TYPE.SOA, TYPE.CAA, TYPE.MX, TYPE.DS],
  // SVCB and HTTPS (RFC 9460): browsers ask for the latter beside every A.
  ...[64, 65],
])

/** For one name and type: one answer for everybody, or one a place. */
interface Entry {
  readonly everybody: Prepared | undefined
  readonly byPlace: (Prepared | undefined)[]
}

/** The prepared answers of one snapshot; the next snapshot gets its own. */
export class PreparedAnswers {
  readonly view: ZoneView
  readonly #names = new Map<string, Map<number, Entry>>()
  readonly #absent = new Map<string, Prepared>()
  readonly #draw: () => number

  /** `draw` gives whole numbers: where each answer begins its turns. From 0 each time, a zone that changes every second would favour the first. */
  constructor(snapshot: ZoneSnapshot, draw: () => number) {
    this.view = new ZoneView(snapshot)
    this.#draw = draw
  }

  /** Names that have something prepared. */
  get size(): number {
    return this.#names.size
  }

  /** `placeOf` is called only where the answer depends on the client. */
  find(query: QueryReader, message: Buffer, placeOf: () => number, now: number): Prepared {
    const entry = query.class === CLASS.IN ? this.#names.get(query.key)?.get(query.type) : undefined
    if (entry === undefined) return this.#work(query, message, placeOf, now)
    const prepared = entry.everybody ?? entry.byPlace[placeOf()]
    if (prepared !== undefined && prepared.goodUntil > now) return prepared
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
      return known
    }
    const prepared = prepare(answer, name, this.#draw())
    if (answer.worthKeeping && KEPT_TYPES.has(type)) this.#keep(query, place, prepared)
    return prepared
  }

  #keep({ key, type }: QueryReader, place: number, prepared: Prepared): void {
    const types = this.#names.get(key) ?? new Map<number, Entry>()
    this.#names.set(key, types)
    if (!prepared.byClient) {
      types.set(type, { everybody: prepared, byPlace: [] })
      return
    }
    const byPlace = types.get(type)?.byPlace ?? new Array(PLACE_COUNT).fill(undefined)
    byPlace[place] = prepared
    types.set(type, { everybody: undefined, byPlace })
  }
}
