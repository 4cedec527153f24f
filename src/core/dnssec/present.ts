/** Keys as text for people, registrars and zone files. */
import type { EpochSeconds } from '#base/time.ts'
import type { DnsName } from '#formats/dns-message/index.ts'
import { wantedByParent, type ZoneKey } from './key.ts'
import { ALGORITHM, DIGEST_TYPE, dnskeyData, dsData, KEY_FLAGS } from './rdata.ts'
import { DNSKEY_TTL_SECONDS } from './rollover.ts'

/** `clamav.example. 3600 IN DS 2642 13 2 1F…` */
export function dsLine(zone: DnsName, { tag, publicKey }: ZoneKey): string {
  const digest = dsData(zone, dnskeyData(publicKey)).subarray(4).toString('hex').toUpperCase()
  return `${zone}. ${DNSKEY_TTL_SECONDS} IN DS ${tag} ${ALGORITHM} ${DIGEST_TYPE} ${digest}`
}

export function dnskeyLine(zone: DnsName, { publicKey }: ZoneKey): string {
  const text = Buffer.from(publicKey).toString('base64')
  return `${zone}. ${DNSKEY_TTL_SECONDS} IN DNSKEY ${KEY_FLAGS} 3 ${ALGORITHM} ${text}`
}

/** For the registrar: one DS and one DNSKEY for every key that the parent should point to. */
export function parentLines(
  zone: DnsName,
  keys: readonly ZoneKey[],
  now: EpochSeconds,
): readonly { readonly tag: number; readonly ds: string; readonly dnskey: string }[] {
  return wantedByParent(keys, now).map((key) => ({
    tag: key.tag,
    ds: dsLine(zone, key),
    dnskey: dnskeyLine(zone, key),
  }))
}
