import { unreachable } from '#base/outcome.ts'
import { printDuration } from '#base/quantity.ts'
import { rfc3339, toSeconds } from '#base/time.ts'
import type { Condition } from './condition.ts'
import type { Observer } from './observer.ts'

const MINUTE_MS = 60_000

/** To the minute: `1d 2h 5m`; less than one is said in seconds. */
export function roughly(ms: number): string {
  const unit = Math.abs(ms) < MINUTE_MS ? 1000 : MINUTE_MS
  return printDuration(Math.round(Math.abs(ms) / unit) * unit)
}

/** Says what is and since when, for the operator (R87). */
export function describeCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'unknown':
      return 'not looked at lately'
    case 'planned':
      return `planned downtime until ${rfc3339(toSeconds(condition.until))}: ${condition.reason}`
    case 'good':
      return condition.looks === 0
        ? 'reachable and fresh, though the last look failed'
        : `reachable and fresh, ${condition.looks} good looks in a row`
    case 'recovering':
      return `answers again, ${condition.looks} good looks in a row so far`
    case 'stale':
      return `its timestamp of ${rfc3339(condition.stampedAt)} is ${roughly(condition.lagMs)} older than the network's newest`
    case 'unreachable':
      return `not available since ${rfc3339(toSeconds(condition.since))}: ${condition.reason}`
    default:
      return unreachable(condition)
  }
}

export function describeObserver(observer: Observer): string {
  switch (observer.kind) {
    case 'fine':
      return 'the observer is fine'
    case 'cut':
      return `the observer's own line failed its check: ${observer.reason}`
    case 'blind':
      return `${observer.failing} of the ${observer.of} mirrors looked at last failed, so the observer blames nobody`
    case 'clock-wrong': {
      const way = observer.skewMs > 0 ? 'behind' : 'ahead of'
      return `the observer's clock is ${roughly(observer.skewMs)} ${way} that of most mirrors`
    }
    default:
      return unreachable(observer)
  }
}
