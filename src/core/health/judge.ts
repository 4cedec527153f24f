/**
 * The automatic part of a mirror's life: listed → old → removed → listed (R112–R113). Pure: the caller brings registry,
 * health and what the network issued, and carries out what is decided.
 *
 * Going down needs an observer who may blame somebody; when most mirrors fail at once nobody moves, and the last few
 * stay. Coming back needs a row of good looks. Whatever is not done has a reason as well.
 */
import type { EpochMs } from '#base/time.ts'
import type { MirrorRecord } from '../mirrors/index.ts'
import { type Condition, conditionOf } from './condition.ts'
import { excusedUntil, type Issued } from './freshness.ts'
import type { Observer } from './observer.ts'
import type { HealthPolicy } from './policy.ts'
import type { MirrorHealth } from './types.ts'
import { describeCondition, describeObserver } from './words.ts'

export interface Watched {
  readonly record: MirrorRecord
  readonly health: MirrorHealth | undefined
}

export interface NetworkFacts {
  /** Undefined: none was issued yet, and nobody can be late. */
  readonly newest: Issued | undefined
  readonly observer: Observer
}

export interface Transition {
  readonly name: string
  readonly from: 'listed' | 'old' | 'removed'
  readonly to: 'listed' | 'old' | 'removed'
  readonly condition: Condition
  /** For the record, the journal and the operator. */
  readonly reason: string
}

/** What would be done, and is not. */
export interface HeldTransition {
  readonly transition: Transition
  readonly why: string
}

export interface Judgement {
  readonly transitions: readonly Transition[]
  readonly held: readonly HeldTransition[]
}

type Step = Transition & { readonly since: EpochMs }

export function judgeMirrors(
  mirrors: readonly Watched[],
  facts: NetworkFacts,
  policy: HealthPolicy,
  now: EpochMs,
): Judgement {
  const steps = mirrors.flatMap((watched) => {
    const step = stepOf(watched, facts.newest, policy, now)
    return step === undefined ? [] : [step]
  })
  const up = steps.filter(({ to }) => to === 'listed')
  const down = steps
    .filter(({ to }) => to !== 'listed')
    .toSorted((a, b) => a.since - b.since || a.name.localeCompare(b.name))
  const brake = brakeOf(mirrors, facts, policy, now)
  if (brake !== undefined) {
    return { transitions: up, held: down.map((transition) => ({ transition, why: brake })) }
  }
  const inService = mirrors.filter(({ record }) => isInService(record)).length
  let removable = Math.max(0, inService + up.length - policy.keepLast)
  const transitions: Transition[] = [...up]
  const held: HeldTransition[] = []
  for (const transition of down) {
    if (transition.to === 'old') transitions.push(transition)
    else if (removable > 0) {
      removable -= 1
      transitions.push(transition)
    } else held.push({ transition, why: `the last ${policy.keepLast} mirrors stay` })
  }
  return { transitions, held }
}

function isInService({ stage }: MirrorRecord): boolean {
  return stage === 'listed' || stage === 'old'
}

function stepOf(
  { record, health }: Watched,
  newest: Issued | undefined,
  policy: HealthPolicy,
  now: EpochMs,
): Step | undefined {
  const { name, stage } = record
  if (stage !== 'listed' && stage !== 'old' && stage !== 'removed') return undefined
  const condition = conditionOf(record, health, newest, policy, now)
  const reason = describeCondition(condition)
  const step = { name, from: stage, condition, reason }
  switch (condition.kind) {
    case 'unknown':
    case 'planned':
    case 'recovering':
      return undefined
    case 'good':
      if (stage === 'listed' || condition.looks < policy.backAfterLooks) return undefined
      return { ...step, to: 'listed', since: now }
    case 'stale':
    case 'unreachable': {
      const { since } = condition
      // A stale one is as late as the network's newest timestamp says, not as the observer's clock does.
      const badMs = condition.kind === 'stale' ? condition.lagMs : now - since
      if (stage === 'listed') {
        return badMs >= policy.oldAfterMs ? { ...step, to: 'old', since } : undefined
      }
      const oldSince = Math.max(record.stageSince, excusedUntil(record.downtimes, now) ?? 0)
      const isLong = stage === 'old' && now - oldSince >= policy.removedAfterMs
      return isLong ? { ...step, to: 'removed', since } : undefined
    }
  }
}

/** Why nobody is put down now, in words; undefined when somebody may be. */
function brakeOf(
  mirrors: readonly Watched[],
  { observer, newest }: NetworkFacts,
  policy: HealthPolicy,
  now: EpochMs,
): string | undefined {
  if (observer.kind !== 'fine') return describeObserver(observer)
  const inService = mirrors.filter(({ record }) => isInService(record))
  const bad = inService.filter(({ record, health }) => {
    const { kind } = conditionOf(record, health, newest, policy, now)
    return kind === 'stale' || kind === 'unreachable'
  })
  if (bad.length <= Math.max(1, inService.length * policy.blindShare)) return undefined
  return `${bad.length} of ${inService.length} mirrors fail at once, which is rather not their fault`
}
