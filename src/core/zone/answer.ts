import type { EpochSeconds } from '#base/time.ts'
import { internetRecord, type Question, type ResourceRecord } from '#formats/dns-message/index.ts'
import { type LeftOut, type Member, type NearBy, spin, type Tier } from '../selection/index.ts'
import type { ZoneSnapshot } from './snapshot.ts'
import { type ClientPlace, type Rotating, type ZoneAnswer, ZoneView } from './view.ts'

/** One answer in full. What servers send is the same, prepared. */
export interface FullAnswer {
  readonly rcode: number
  readonly authoritative: boolean
  readonly answer: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  readonly additional: readonly ResourceRecord[]
  readonly byClient: boolean
}

/** With the reasons, of which a zone of ten thousand mirrors has as many. */
export interface ReasonedAnswer extends FullAnswer {
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
  return inTurn(viewOf(snapshot).answer(question, client, now), turn).answer
}

/** As `answerQuestion`, and why each mirror is in it or not. */
export function reasonAbout(
  snapshot: ZoneSnapshot | ZoneView,
  question: Question,
  client: ClientPlace,
  turn: number,
  now: EpochSeconds,
): ReasonedAnswer {
  const decided = viewOf(snapshot).answer(question, client, now)
  const { answer, numbers } = inTurn(decided, turn)
  const mirrors = decided.rotating?.mirrors
  return { ...answer, choice: mirrors && choiceOf(mirrors, numbers) }
}

function viewOf(snapshot: ZoneSnapshot | ZoneView): ZoneView {
  return snapshot instanceof ZoneView ? snapshot : new ZoneView(snapshot)
}

function inTurn(
  { rotating, answer, ...rest }: ZoneAnswer,
  turn: number,
): { readonly answer: FullAnswer; readonly numbers: readonly number[] } {
  if (rotating === undefined) return { answer: { ...rest, answer }, numbers: [] }
  const { owner, ttl, addresses } = rotating
  const numbers = numbersOf(rotating, turn)
  const records = numbers.map((at) =>
    internetRecord(owner, ttl, { kind: 'address', bytes: addresses[at] ?? new Uint8Array(4) }),
  )
  return { answer: { ...rest, answer: [...answer, ...records] }, numbers }
}

/** Which addresses have their turn. */
function numbersOf({ wheel, addressesMax }: Rotating, turn: number): readonly number[] {
  const into = new Uint32Array(addressesMax)
  return [...into.subarray(0, spin(wheel, turn, into))]
}

function choiceOf(
  { pool, near }: NonNullable<Rotating['mirrors']>,
  turned: readonly number[],
): Choice {
  const chosen = turned.flatMap((at) => near.members[at] ?? [])
  const inside = new Set(chosen.map(({ mirror }) => mirror))
  const close = new Set(near.members.map(({ mirror }) => mirror))
  const others = new Set(pool.members.map(({ mirror }) => mirror)).difference(inside)
  const skipped = [...others].map((mirror): LeftOut => {
    const kind = close.has(mirror) ? 'not-its-turn' : 'farther'
    return { mirror, why: { kind } }
  })
  return { tier: pool.tier, by: near.by, chosen, leftOut: [...pool.leftOut, ...skipped] }
}
