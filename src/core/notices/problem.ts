/**
 * From standing problems to letters: one thread a problem, said again when it gets worse or lasts, an all-clear at the
 * end, and never a flood. Pure: what is open is given and handed back.
 */
import { type EpochMs, epochMs, rfc3339, toSeconds } from '#base/time.ts'
import { roughly, type StandingProblem } from '../health/index.ts'
import { type Letter, letterId, letterText, oneLine, type Recipient } from './letter.ts'

/** A problem as the store keeps it, from the first sight of it until its all-clear. */
export interface OpenProblem extends StandingProblem {
  readonly seenAt: EpochMs
  /** When it was last found standing; until when it stands, where whoever finds it looks more rarely than a monitor. */
  readonly lastAt: EpochMs
  /** Ids of the letters so far. None: it is not yet old enough, or had to wait its turn. */
  readonly letters: readonly string[]
  readonly lastLetterAt: EpochMs | undefined
  /** The level that the last letter told of. */
  readonly toldLevel: string | undefined
}

/** Times in milliseconds. From the settings `[mail]`. */
export interface NoticePolicy {
  /** A problem that ends sooner is nobody's business. */
  readonly patienceMs: number
  /** It must be over for so long until the all-clear; if it comes back before, it never was over. */
  readonly calmMs: number
  readonly remindEveryMs: number
  /** Letters about problems in one hour. What is above it waits, and is often over by then. */
  readonly lettersPerHourMax: number
}

/** Guesses. */
export const NOTICE_POLICY: NoticePolicy = {
  patienceMs: 5 * 60_000,
  calmMs: 30 * 60_000,
  remindEveryMs: 24 * 3_600_000,
  lettersPerHourMax: 20,
}

export interface ProblemReview {
  /** All that are still open. */
  readonly open: readonly OpenProblem[]
  readonly closed: readonly OpenProblem[]
  readonly letters: readonly Letter[]
}

const HOUR_MS = 3_600_000

export function reviewProblems(
  before: readonly OpenProblem[],
  standing: readonly StandingProblem[],
  context: { readonly zone: string; readonly policy: NoticePolicy; readonly now: EpochMs },
): ProblemReview {
  const { policy, now } = context
  const open: OpenProblem[] = []
  const closed: OpenProblem[] = []
  const letters: Letter[] = []
  let budget = policy.lettersPerHourMax - sentLately(before, now)
  for (const problem of byWeight(merge(before, standing, now))) {
    const isOver = problem.lastAt < now
    const isCalm = isOver && now - problem.lastAt >= policy.calmMs
    const isSaid = problem.letters.length > 0
    if (isCalm && !isSaid) closed.push(problem)
    else if (budget <= 0 || !(isCalm || isDue(problem, isOver, policy, now))) open.push(problem)
    else {
      budget -= 1
      const letter = isCalm ? allClear(problem, context) : warning(problem, context)
      letters.push(letter)
      const said = {
        ...problem,
        letters: [...problem.letters, letter.id],
        lastLetterAt: now,
        toldLevel: problem.level,
      }
      if (isCalm) closed.push(said)
      else open.push(said)
    }
  }
  return { open, closed, letters }
}

function merge(
  before: readonly OpenProblem[],
  standing: readonly StandingProblem[],
  now: EpochMs,
): readonly OpenProblem[] {
  const known = new Map(before.map((problem) => [problem.key, problem]))
  for (const problem of standing) {
    const old = known.get(problem.key)
    known.set(problem.key, {
      ...problem,
      since: epochMs(Math.min(problem.since, old?.since ?? problem.since)),
      seenAt: old?.seenAt ?? now,
      lastAt: now,
      letters: old?.letters ?? [],
      lastLetterAt: old?.lastLetterAt,
      toldLevel: old?.toldLevel,
    })
  }
  return [...known.values()]
}

/** What concerns everybody first, then what waits longest. */
function byWeight(problems: readonly OpenProblem[]): readonly OpenProblem[] {
  const weight = ({ mirror }: OpenProblem) => (mirror === undefined ? 0 : 1)
  return problems.toSorted(
    (a, b) => weight(a) - weight(b) || a.seenAt - b.seenAt || a.key.localeCompare(b.key),
  )
}

function sentLately(problems: readonly OpenProblem[], now: EpochMs): number {
  return problems.filter(({ lastLetterAt }) => (lastLetterAt ?? 0) > now - HOUR_MS).length
}

function isDue(problem: OpenProblem, isOver: boolean, policy: NoticePolicy, now: EpochMs): boolean {
  if (isOver) return false
  if (problem.lastLetterAt === undefined) return now - problem.seenAt >= policy.patienceMs
  const isWorse = problem.toldLevel !== problem.level
  return isWorse || now - problem.lastLetterAt >= policy.remindEveryMs
}

/** A name under which the store keeps it. */
export function problemId({ key }: Pick<StandingProblem, 'key'>): string {
  return letterId('problem', key)
}

interface Context {
  readonly zone: string
  readonly now: EpochMs
}

function warning(problem: OpenProblem, { zone, now }: Context): Letter {
  const again = problem.lastLetterAt !== undefined && problem.toldLevel === problem.level
  const since = `Since ${rfc3339(toSeconds(problem.since))}, that is for ${roughly(now - problem.since)}.`
  return letter(problem, zone, now, again ? 'Still: ' : '', [...problem.lines, since])
}

function allClear(problem: OpenProblem, { zone, now }: Context): Letter {
  return letter(problem, zone, now, 'Over: ', [
    `${problem.title}: this is over since ${rfc3339(toSeconds(problem.lastAt))}.`,
    `It had lasted ${roughly(problem.lastAt - problem.since)}.`,
  ])
}

function letter(
  problem: OpenProblem,
  zone: string,
  now: EpochMs,
  prefix: string,
  lines: readonly string[],
): Letter {
  const team: Recipient = { kind: 'list', list: 'team' }
  const { mirror } = problem
  return {
    id: letterId('problem', problem.key, problem.seenAt, problem.letters.length),
    thread: problem.letters,
    to: mirror === undefined ? [team] : [team, { kind: 'operator', mirror }],
    at: now,
    subject: oneLine(`[${zone}] ${prefix}${problem.title}`),
    text: letterText(zone, lines),
  }
}
