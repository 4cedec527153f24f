import type { Region } from '#base/region.ts'
import { type EpochSeconds, epochSeconds } from '#base/time.ts'
import {
  CLASS,
  type DnsName,
  dnsName,
  internetRecord,
  type Question,
  RCODE,
  type ResourceRecord,
  TYPE,
  txt,
} from '#formats/dns-message/index.ts'
import { printDatabaseRecord } from '#formats/update-record/index.ts'
import {
  type Family,
  makeWheel,
  type Near,
  nearest,
  type Pool,
  poolOf,
  type Wanted,
  type Wheel,
} from '../selection/index.ts'
import { hostsOf, type Located, locate } from './names.ts'
import {
  addressesOf,
  inSteps,
  nameServerRecords,
  RECORD_STEP_SECONDS,
  recordTime,
  soaRecord,
} from './records.ts'
import type { Host, ZoneSnapshot } from './snapshot.ts'
import { updateRecordText } from './update-text.ts'

/** Where a client seems to be. */
export interface ClientPlace {
  readonly country: string | undefined
  readonly region: Region
}

export const NOWHERE: ClientPlace = { country: undefined, region: 'other' }

export interface ZoneAnswer {
  readonly rcode: number
  /** False only for REFUSED. */
  readonly authoritative: boolean
  readonly answer: readonly ResourceRecord[]
  /** Addresses that follow `answer`, some of them in turn. */
  readonly rotating?: Rotating
  readonly authority: readonly ResourceRecord[]
  readonly additional: readonly ResourceRecord[]
  /** True when a client elsewhere may be told something else. */
  readonly byClient: boolean
  /** Before and from then on the answer is another: clocks are put back too. */
  readonly good?: { readonly from: EpochSeconds; readonly until: EpochSeconds }
  /** Whether the name is one of a known few, so that its answer is worth keeping. */
  readonly worthKeeping: boolean
}

/** Equal records that take turns. */
export interface Rotating {
  readonly owner: DnsName
  readonly ttl: number
  /** All of one family. */
  readonly addresses: readonly Uint8Array[]
  readonly wheel: Wheel
  readonly addressesMax: number
  /** Where they are those of mirrors: who was chosen from, in the order of `addresses`. */
  readonly mirrors?: { readonly pool: Pool; readonly near: Near }
}

/** RFC 8482, 4.2: ANY is answered with this instead of everything. */
const HINFO = 13
const HINFO_BYTES = Uint8Array.of(7, ...Buffer.from('RFC8482', 'latin1'), 0)
const HINFO_TTL = 3600

/**
 * The answers of one snapshot. It decides and touches nothing; what it has worked out about pools and places it keeps,
 * since ten thousand mirrors are not sorted anew for every question.
 */
export class ZoneView {
  readonly snapshot: ZoneSnapshot
  readonly zone: DnsName
  readonly #hosts: ReadonlyMap<string, Host>
  readonly #nones = new Map<DnsName, ZoneAnswer>()
  readonly #pools = new Map<Family, Pool>()
  readonly #nears = new Map<string, Omit<Rotating, 'owner'>>()

  constructor(snapshot: ZoneSnapshot) {
    this.snapshot = snapshot
    this.zone = dnsName(snapshot.zone)
    this.#hosts = hostsOf(snapshot)
  }

  answer(question: Question, client: ClientPlace, now: EpochSeconds): ZoneAnswer {
    const located =
      question.class === CLASS.IN
        ? locate(question.name, this.zone, this.snapshot, this.#hosts)
        : undefined
    if (located === undefined) return REFUSED
    if (question.type === TYPE.ANY && !isAbsent(located)) return this.#small(question.name)
    return this.#answerAt(located, question, client, now)
  }

  /** Who may be answered; IPv6 is left out where it alone is unwell, since clients have the other family. */
  pool(family: Family): Pool {
    const known = this.#pools.get(family)
    if (known !== undefined) return known
    const { mirrors, announced, lastGood } = this.snapshot
    const pool = poolOf(mirrors, {
      family,
      announced: announced?.serial,
      lastGood: family === 4 ? lastGood.ipv4 : lastGood.ipv6,
    })
    const kept =
      family === 6 && !isWell(pool) && isWell(this.pool(4)) ? { ...pool, members: [] } : pool
    this.#pools.set(family, kept)
    return kept
  }

  #answerAt(
    { apex, meaning }: Located,
    question: Question,
    client: ClientPlace,
    now: EpochSeconds,
  ): ZoneAnswer {
    const { name, type } = question
    switch (meaning.kind) {
      case 'apex':
        return this.#answerApex(apex, type)
      case 'database':
        return this.#answerDatabase(question, client)
      case 'pool': {
        const byClient = meaning.wanted === 'by-client'
        const wanted = meaning.wanted === 'by-client' ? wantedOf(client) : meaning.wanted
        const rotating = this.#rotating(name, type, wanted)
        const kept = { byClient, worthKeeping: meaning.known }
        return rotating === undefined
          ? { ...this.#none(apex), ...kept }
          : { ...EMPTY, rotating, ...kept }
      }
      case 'update-record':
        return this.#answerRecord(apex, question, now, (at) => updateRecordText(this.snapshot, at))
      case 'database-record':
        return this.#answerRecord(apex, question, now, (createdAt) =>
          printDatabaseRecord({ version: meaning.version, createdAt }),
        )
      case 'hosts': {
        const { ttl, addressesMax } = this.snapshot.policy
        const addresses = addressesOf(meaning.hosts, type)
        if (addresses.length === 0) return this.#none(apex)
        const wheel = makeWheel(addresses.map(() => 1))
        return {
          ...EMPTY,
          rotating: { owner: name, ttl: ttl.hosts, addresses, wheel, addressesMax },
        }
      }
      case 'empty':
        return { ...this.#none(apex), worthKeeping: meaning.known }
      case 'unknown':
        return { ...this.#none(apex), rcode: RCODE.NXDOMAIN, worthKeeping: false }
    }
  }

  #answerApex(apex: DnsName, type: number): ZoneAnswer {
    const { policy } = this.snapshot
    if (type === TYPE.SOA) return { ...EMPTY, answer: [soaRecord(apex, this.snapshot)] }
    if (type === TYPE.NS) {
      const { answer, additional } = nameServerRecords(apex, this.snapshot)
      return { ...EMPTY, answer, additional }
    }
    if (type === TYPE.CAA && policy.certificateIssuers.length > 0) {
      const answer = policy.certificateIssuers.map((value) =>
        internetRecord(apex, policy.ttl.hosts, { kind: 'caa', flags: 0, tag: 'issue', value }),
      )
      return { ...EMPTY, answer }
    }
    return this.#none(apex)
  }

  /** R28–R30: one CNAME, and the addresses behind it in the same answer. */
  #answerDatabase({ name, type }: Question, client: ClientPlace): ZoneAnswer {
    const target = dnsName('db', client.region, this.zone)
    const ttl = this.snapshot.policy.ttl.mirrors
    const answer = [internetRecord(name, ttl, { kind: 'cname', target })]
    if (type === TYPE.CNAME) return { ...EMPTY, answer, byClient: true }
    const rotating = this.#rotating(target, type, wantedOf(client))
    if (rotating !== undefined) return { ...EMPTY, answer, rotating, byClient: true }
    return { ...this.#none(this.zone), answer, byClient: true }
  }

  /** Undefined where there is no address of that type, or it is no type of an address. */
  #rotating(owner: DnsName, type: number, wanted: Wanted): Rotating | undefined {
    if (type !== TYPE.A && type !== TYPE.AAAA) return undefined
    const pool = this.pool(type === TYPE.A ? 4 : 6)
    if (pool.members.length === 0) return undefined
    const key = `${pool.family} ${JSON.stringify(wanted)}`
    const known = this.#nears.get(key) ?? this.#near(pool, wanted)
    this.#nears.set(key, known)
    return { owner, ...known }
  }

  #near(pool: Pool, wanted: Wanted): Omit<Rotating, 'owner'> {
    const { addressesMax, nearMirrorsMin, ttl } = this.snapshot.policy
    const near = nearest(pool.members, wanted, nearMirrorsMin)
    const wobbles = near.members.some(({ address }) => address.condition.kind !== 'healthy')
    const steady = pool.tier === 'announced' && !wobbles
    return {
      ttl: steady ? ttl.mirrors : Math.min(ttl.wobbling, ttl.mirrors),
      addresses: near.members.map(({ address }) => address.bytes),
      wheel: makeWheel(near.members.map(({ mirror }) => mirror.bandwidthMbit)),
      addressesMax,
      mirrors: { pool, near },
    }
  }

  #answerRecord(
    apex: DnsName,
    { name, type }: Question,
    now: EpochSeconds,
    textAt: (createdAt: EpochSeconds) => string | undefined,
  ): ZoneAnswer {
    const createdAt = recordTime(this.snapshot, now)
    const text = textAt(createdAt)
    if (type !== TYPE.TXT || text === undefined) return this.#none(apex)
    const answer = [internetRecord(name, this.snapshot.policy.ttl.records, txt(text))]
    return { ...EMPTY, answer, good: stepAt(now) }
  }

  /** The name is there, but not that type (RFC 2308, 2.2). */
  #none(apex: DnsName): ZoneAnswer {
    const known = this.#nones.get(apex)
    if (known !== undefined) return known
    const { minimum } = this.snapshot.authority
    const soa = soaRecord(apex, this.snapshot)
    const none = { ...EMPTY, authority: [{ ...soa, ttl: Math.min(soa.ttl, minimum) }] }
    this.#nones.set(apex, none)
    return none
  }

  #small(name: DnsName): ZoneAnswer {
    const data = { kind: 'other', type: HINFO, bytes: HINFO_BYTES } as const
    return { ...EMPTY, answer: [internetRecord(name, HINFO_TTL, data)], worthKeeping: false }
  }
}

const EMPTY: ZoneAnswer = {
  rcode: RCODE.NOERROR,
  authoritative: true,
  answer: [],
  authority: [],
  additional: [],
  byClient: false,
  worthKeeping: true,
}

const REFUSED: ZoneAnswer = {
  ...EMPTY,
  rcode: RCODE.REFUSED,
  authoritative: false,
  worthKeeping: false,
}

export function wantedOf({ country, region }: ClientPlace): Wanted {
  return country === undefined ? { kind: 'region', region } : { kind: 'country', country, region }
}

function isAbsent({ meaning }: Located): boolean {
  return meaning.kind === 'unknown'
}

function isWell({ tier }: Pool): boolean {
  return tier === 'announced' || tier === 'one-behind'
}

function stepAt(now: EpochSeconds): NonNullable<ZoneAnswer['good']> {
  const from = inSteps(now)
  return { from, until: epochSeconds(from + RECORD_STEP_SECONDS) }
}
