import type { Metric } from '#ports/metric.ts'
import type { DnsStatus } from './compose.ts'
import type { DnssecStatus } from './zone-keys.ts'

/** Numbers about a name server: what it answers from, how old that is, and what it did since it started. */
export function dnsMetrics(status: DnsStatus): readonly Metric[] {
  const { serial, announced, heardSecondsAgo, places, alarms, dnssec } = status
  const { queries, signatures, signaturesUntil, ...results } = status.counters
  const gauge = (name: string, help: string, value: number): Metric => ({
    name: `cvdnet_dns_${name}`,
    help,
    kind: 'gauge',
    value,
  })
  return [
    gauge('zone_serial', 'Of the SOA that is answered', serial),
    gauge('announced_serial', 'Release that clients are told of; 0: none yet', announced ?? 0),
    gauge('zone_age_seconds', 'Since the source said that the zone holds', heardSecondsAgo),
    gauge('place_ranges', 'Ranges of addresses whose country is known', places.ranges),
    gauge('alarms', 'Things that are wrong with the zone', alarms.length),
    ...(dnssec === null ? [] : signing(dnssec, signatures, signaturesUntil)),
    { name: 'cvdnet_dns_queries_total', help: 'Questions', kind: 'counter', value: queries },
    ...Object.entries(results).map(
      ([result, value]): Metric => ({
        name: 'cvdnet_dns_results_total',
        help: 'What became of questions; one may count as several',
        kind: 'counter',
        labels: { result: inSnakeCase(result) },
        value,
      }),
    ),
  ]
}

function signing(
  { keys }: DnssecStatus,
  signatures: number,
  signaturesUntil: number,
): readonly Metric[] {
  return [
    ...keys.map(
      ({ tag, state }): Metric => ({
        name: 'cvdnet_dns_keys',
        help: 'Keys of the signed zone, by what they do',
        kind: 'gauge',
        labels: { tag: String(tag), state },
        value: 1,
      }),
    ),
    {
      name: 'cvdnet_dns_signatures_until_seconds',
      help: 'When the first signature that may be sent ends, since 1970; 0: there is none',
      kind: 'gauge',
      value: signaturesUntil,
    },
    {
      name: 'cvdnet_dns_signatures_total',
      help: 'Signatures made',
      kind: 'counter',
      value: signatures,
    },
  ]
}

function inSnakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
