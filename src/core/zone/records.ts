import { type EpochSeconds, epochSeconds } from '#base/time.ts'
import {
  type DnsName,
  dnsName,
  internetRecord,
  type ResourceRecord,
  TYPE,
} from '#formats/dns-message/index.ts'
import type { Host, ZoneSnapshot } from './snapshot.ts'

/** The time in update records moves in such steps, so that answers can be prepared; clients allow three hours. */
export const RECORD_STEP_SECONDS = 300

/**
 * Time field of the update records: now, in steps. A node that has heard nothing for as long as a secondary would keep
 * the zone (`expire`) lets it stand still, since it can no longer vouch for "newest": twelve hours later clients stop
 * believing it and ask mirrors instead.
 */
export function recordTime(snapshot: ZoneSnapshot, now: EpochSeconds): EpochSeconds {
  const believedUntil = snapshot.heardAt + snapshot.authority.expire
  const time = Math.min(now, believedUntil)
  return inSteps(epochSeconds(time))
}

export function inSteps(time: EpochSeconds): EpochSeconds {
  return epochSeconds(time - (time % RECORD_STEP_SECONDS))
}

/**
 * Time in the records that are transferred, in steps of its own: it is part of the content, so each step is a new serial.
 * A copy that hears of it late, at `refresh`, is still not half an hour behind; promised is an hour.
 */
const TRANSFER_STEP_SECONDS = 900

export function transferTime({ heardAt }: ZoneSnapshot): EpochSeconds {
  return epochSeconds(heardAt - (heardAt % TRANSFER_STEP_SECONDS))
}

export function soaRecord(apex: DnsName, snapshot: ZoneSnapshot): ResourceRecord {
  const { serial, zone, policy } = snapshot
  const { primary, mailbox, ...times } = snapshot.authority
  return internetRecord(apex, policy.ttl.hosts, {
    kind: 'soa',
    primary: dnsName(primary, zone),
    mailbox: dnsName(mailbox, zone),
    serial,
    ...times,
  })
}

/** The name servers, and their addresses for those who could not ask for them otherwise. */
export function nameServerRecords(
  apex: DnsName,
  { zone, nameServers, policy }: ZoneSnapshot,
): { readonly answer: readonly ResourceRecord[]; readonly additional: readonly ResourceRecord[] } {
  const ttl = policy.ttl.hosts
  const named = nameServers.map((host) => ({ host, name: dnsName(host.name, zone) }))
  return {
    answer: named.map(({ name }) => internetRecord(apex, ttl, { kind: 'ns', target: name })),
    additional: named.flatMap(({ host, name }) => addressRecords(name, host, ttl)),
  }
}

/** Addresses of these hosts that a record of `type` can hold; none when it is no type of an address. */
export function addressesOf(hosts: readonly Host[], type: number): readonly Uint8Array[] {
  if (type !== TYPE.A && type !== TYPE.AAAA) return []
  const length = type === TYPE.A ? 4 : 16
  return hosts.flatMap(({ addresses }) => addresses.filter((one) => one.byteLength === length))
}

export function addressRecords(
  name: DnsName,
  { addresses }: Host,
  ttl: number,
): readonly ResourceRecord[] {
  return addresses.map((bytes) => internetRecord(name, ttl, { kind: 'address', bytes }))
}
