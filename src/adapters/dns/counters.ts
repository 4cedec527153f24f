import type { DnsCounters } from '#ports/dns-server.ts'

export function newCounters(): DnsCounters {
  return {
    queries: 0,
    noError: 0,
    nxDomain: 0,
    refused: 0,
    badQueries: 0,
    dropped: 0,
    truncated: 0,
    limited: 0,
    goodCookies: 0,
  }
}

export function addCounters(one: DnsCounters, other: DnsCounters): DnsCounters {
  const sum = newCounters()
  for (const key of Object.keys(sum) as (keyof DnsCounters)[]) sum[key] = one[key] + other[key]
  return sum
}
