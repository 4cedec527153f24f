import { RCODE } from '#formats/dns-message/index.ts'
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
    signed: 0,
    signingLimited: 0,
    signatures: 0,
    signaturesUntil: 0,
  }
}

export function addCounters(one: DnsCounters, other: DnsCounters): DnsCounters {
  const sum = newCounters()
  for (const key of Object.keys(sum) as (keyof DnsCounters)[]) sum[key] = one[key] + other[key]
  sum.signaturesUntil = soonest(one.signaturesUntil, other.signaturesUntil)
  return sum
}

/** 0 is none. */
function soonest(one: number, other: number): number {
  return one === 0 || other === 0 ? one + other : Math.min(one, other)
}

export function countResult(counters: DnsCounters, rcode: number): void {
  if (rcode === RCODE.NOERROR) counters.noError += 1
  else if (rcode === RCODE.NXDOMAIN) counters.nxDomain += 1
  else counters.refused += 1
}
