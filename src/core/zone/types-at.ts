import type { EpochSeconds } from '#base/time.ts'
import { CLASS, type DnsName, RCODE, TYPE, typeOf } from '#formats/dns-message/index.ts'
import { NOWHERE, type ZoneView } from './view.ts'

const TYPES = [TYPE.A, TYPE.NS, TYPE.CNAME, TYPE.SOA, TYPE.TXT, TYPE.AAAA, TYPE.CAA] as const

/**
 * The types that a name of the zone has, found by asking for each, so that a denial never says otherwise than the answers.
 * Undefined: there is no such name. A place changes which addresses are answered, never whether there are any.
 */
export function typesAt(
  view: ZoneView,
  name: DnsName,
  now: EpochSeconds,
): readonly number[] | undefined {
  const found: number[] = []
  for (const type of TYPES) {
    const { rcode, answer, rotating } = view.answer({ name, type, class: CLASS.IN }, NOWHERE, now)
    if (rcode === RCODE.NXDOMAIN) return undefined
    const listed = answer.some((record) => record.name === name && typeOf(record.data) === type)
    if (listed || rotating?.owner === name) found.push(type)
  }
  return found
}
