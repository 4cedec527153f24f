import type { EpochMs } from '#base/time.ts'
import { epochMs, rfc3339, toSeconds } from '#base/time.ts'
import { downtimeAt } from '../mirrors/index.ts'
import type { Judgement, NetworkFacts, Watched } from './judge.ts'
import type { HealthPolicy } from './policy.ts'
import { describeObserver, roughly } from './words.ts'

/** Something that is wrong now and that somebody should know (R87). */
export interface StandingProblem {
  /** One a problem, the same as long as it lasts: `mirror/mirror7`, `observer/blind`. */
  readonly key: string
  /** When it gets worse it is said again: `old`, then `removed`. */
  readonly level: string
  readonly since: EpochMs
  readonly title: string
  /** Cause and what to do, a sentence each. */
  readonly lines: readonly string[]
  /** The mirror whose operator is told too, besides the team. */
  readonly mirror: string | undefined
}

export function problemsOf(
  mirrors: readonly Watched[],
  facts: NetworkFacts,
  judgement: Judgement,
  policy: HealthPolicy,
  now: EpochMs,
): readonly StandingProblem[] {
  return [
    ...networkProblems(facts, judgement, policy, now),
    ...mirrors.flatMap((watched) => mirrorProblems(watched, policy, now)),
  ]
}

function networkProblems(
  { observer, newest }: NetworkFacts,
  { held }: Judgement,
  policy: HealthPolicy,
  now: EpochMs,
): readonly StandingProblem[] {
  const problems: StandingProblem[] = []
  const add = (key: string, since: EpochMs, title: string, lines: readonly string[]) =>
    problems.push({ key, level: 'on', since, title, lines, mirror: undefined })
  if (observer.kind !== 'fine') {
    add(`observer/${observer.kind}`, now, 'The monitor cannot judge', [
      `${describeObserver(observer)}.`,
      'Nothing is taken out of the answers and no mirror is put down until this is over.',
    ])
  }
  const isClockGood = observer.kind !== 'clock-wrong'
  if (newest !== undefined && isClockGood && now - newest.stampedAt > policy.stampOverdueMs) {
    const since = epochMs(newest.stampedAt + policy.stampOverdueMs)
    add('network/no-timestamp', since, 'No master issues timestamps', [
      `The newest timestamp of the network is of ${rfc3339(toSeconds(newest.stampedAt))}, ${roughly(now - newest.stampedAt)} ago.`,
      'No mirror is blamed for it. Look at the masters: do they run, and does one hold the lease?',
    ])
  }
  if (held.length > 0 && observer.kind === 'fine') {
    const [first] = held
    add('network/held', now, 'Mirrors stay although they fail', [
      `${held.length} mirrors would be put down, and are not: ${first?.why ?? ''}.`,
      ...held.map(({ transition }) => `${transition.name}: ${transition.reason}.`),
    ])
  }
  return problems
}

function mirrorProblems(
  { record, health }: Watched,
  policy: HealthPolicy,
  now: EpochMs,
): readonly StandingProblem[] {
  const { name, stage, stageSince, stageReason } = record
  if (stage === 'old' || stage === 'removed') {
    const words = stage === 'old' ? 'is marked old' : 'is taken off the list'
    return [
      {
        key: `mirror/${name}`,
        level: stage,
        since: stageSince,
        title: `Mirror ${name} ${words}`,
        lines: [
          `${stageReason}.`,
          stage === 'old'
            ? `If this lasts ${roughly(policy.removedAfterMs)}, it is taken off the list.`
            : 'Clients are no longer sent to it.',
          `It is back by itself after ${policy.backAfterLooks} good looks in a row.`,
        ],
        mirror: name,
      },
    ]
  }
  if (stage !== 'listed' || downtimeAt(record.downtimes, now) !== undefined) return []
  return deadAddresses({ record, health }, policy, now)
}

/** A whole mirror that is down becomes old; this is for one address of several (field-notes 1.23). */
function deadAddresses(
  { record: { name }, health }: Watched,
  policy: HealthPolicy,
  now: EpochMs,
): readonly StandingProblem[] {
  const addresses = health?.addresses ?? []
  if (!addresses.some(({ isUp }) => isUp)) return []
  return addresses
    .filter(({ isUp, upSince }) => !isUp && now - upSince >= policy.addressWarnAfterMs)
    .map(({ address, upSince, last }) => ({
      key: `address/${name}/${address}`,
      level: 'on',
      since: upSince,
      title: `Address ${address} of mirror ${name} is dead`,
      lines: [
        `${last.kind === 'bad' ? last.reason : 'It answers again, and is watched before clients are sent there'}.`,
        'Clients are sent to the other addresses of this mirror only.',
      ],
      mirror: name,
    }))
}
