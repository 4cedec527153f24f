import type { EpochSeconds } from '#base/time.ts'
import {
  type DnsName,
  internetRecord,
  type Question,
  type ResourceRecord,
} from '#formats/dns-message/index.ts'
import { type LeftOut, type Member, type NearBy, spin, type Tier } from '../selection/index.ts'
import type { ZoneSnapshot } from './snapshot.ts'
import { type ClientPlace, type Rotating, ZoneView } from './view.ts'

/** One answer in full, with the reasons. What servers send is the same, prepared. */
export interface FullAnswer {
  readonly rcode: number
  readonly authoritative: boolean
  readonly answer: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  readonly additional: readonly ResourceRecord[]
  readonly byClient: boolean
  /** Undefined where no mirrors were chosen from. */
  readonly choice: Choice | undefined
}

export interface Choice {
  readonly tier: Tier
  readonly by: NearBy
  readonly chosen: readonly Member[]
  readonly leftOut: readonly LeftOut[]
}

/** (snapshot, question, client, whose turn it is, time) to answer: the whole of what a name server decides. */
export function answerQuestion(
  snapshot: ZoneSnapshot | ZoneView,
  question: Question,
  client: ClientPlace,
  turn: number,
  now: EpochSeconds,
): FullAnswer {
  const view = snapshot instanceof ZoneView ? snapshot : new ZoneView(snapshot)
  const { rotating, answer, ...rest } = view.answer(question, client, now)
  if (rotating === undefined) return { ...rest, answer, choice: undefined }
  const chosen = membersOf(rotating, turn)
  return {
    ...rest,
    answer: [...answer, ...chosen.map((member) => memberRecord(rotating, member, rotating.owner))],
    choice: {
      tier: rotating.pool.tier,
      by: rotating.near.by,
      chosen,
      leftOut: leftOutOf(rotating, chosen),
    },
  }
}

export function membersOf(rotating: Rotating, turn: number): readonly Member[] {
  const { near, wheel, addressesMax } = rotating
  const into = new Uint32Array(addressesMax)
  const count = spin(wheel, turn, into)
  return [...into.subarray(0, count)].flatMap((at) => near.members[at] ?? [])
}

function memberRecord({ ttl }: Rotating, { address }: Member, owner: DnsName): ResourceRecord {
  return internetRecord(owner, ttl, { kind: 'address', bytes: address.bytes })
}

function leftOutOf({ pool, near }: Rotating, chosen: readonly Member[]): readonly LeftOut[] {
  const inside = new Set(chosen.map(({ mirror }) => mirror))
  const close = new Set(near.members.map(({ mirror }) => mirror))
  const others = new Set(pool.members.map(({ mirror }) => mirror)).difference(inside)
  const skipped = [...others].map((mirror): LeftOut => {
    const kind = close.has(mirror) ? 'not-its-turn' : 'farther'
    return { mirror, why: { kind } }
  })
  return [...pool.leftOut, ...skipped]
}
