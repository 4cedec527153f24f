import type { EpochMs } from '#base/time.ts'
import {
  conditionOf,
  type HealthPolicy,
  type Issued,
  type Observer,
  type Watched,
} from '#core/health/index.ts'
import type { Metric } from '#ports/metric.ts'

/** Numbers about the network as the monitor sees it. */
export function networkMetrics(
  mirrors: Iterable<Watched>,
  facts: {
    readonly newest: Issued | undefined
    readonly observer: Observer
    readonly holdsLease: boolean
    readonly looks: number
  },
  policy: HealthPolicy,
  now: EpochMs,
): readonly Metric[] {
  const { newest, observer, holdsLease, looks } = facts
  const stages = new Map<string, number>()
  const conditions = new Map<string, number>()
  const addresses = { up: 0, down: 0 }
  for (const { record, health } of mirrors) {
    count(stages, record.stage)
    count(conditions, conditionOf(record, health, newest, policy, now).kind)
    for (const { isUp } of health?.addresses ?? []) addresses[isUp ? 'up' : 'down'] += 1
  }
  const gauge = (name: string, help: string, value: number, labels?: Metric['labels']): Metric => ({
    name: `cvdnet_${name}`,
    help,
    kind: 'gauge',
    value,
    ...(labels === undefined ? {} : { labels }),
  })
  return [
    { name: 'cvdnet_looks_total', help: 'Looks at mirrors', kind: 'counter', value: looks },
    gauge('monitor_is_judge', '1 while this monitor holds the lease', holdsLease ? 1 : 0),
    gauge(
      'monitor_can_judge',
      '0 while the fault is rather ours',
      observer.kind === 'fine' ? 1 : 0,
    ),
    ...[...stages].map(([stage, n]) => gauge('mirrors', 'Mirrors by stage', n, { stage })),
    ...[...conditions].map(([condition, n]) =>
      gauge('mirror_conditions', 'Mirrors by how they are', n, { condition }),
    ),
    ...Object.entries(addresses).map(([state, n]) =>
      gauge('addresses', 'Addresses that clients are sent to, or not', n, { state }),
    ),
    ...(newest === undefined
      ? []
      : [
          gauge('newest_serial', 'The newest release', newest.serial),
          gauge(
            'newest_timestamp_age_seconds',
            'Since the network issued a timestamp',
            (now - newest.stampedAt) / 1000,
          ),
        ]),
  ]
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
