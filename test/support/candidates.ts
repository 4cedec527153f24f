import { parseIpAddress } from '#base/ip-address.ts'
import { type Candidate, type Condition, regionOf } from '#core/selection/index.ts'
import { aSerial } from './values.ts'

/** A healthy, listed mirror of release 7 with one address of each family, unless told otherwise. */
export function aMirror(name: string, country: string, more: Partial<Candidate> = {}): Candidate {
  const number = Number(/\d+$/.exec(name)?.[0] ?? 1)
  return {
    name,
    country,
    region: regionOf(country) ?? 'other',
    bandwidthMbit: 100,
    serial: aSerial(7),
    listing: { kind: 'listed' },
    addresses: [
      anAddress(`192.0.${number >> 8}.${number & 255}`),
      anAddress(`2001:db8::${number.toString(16)}`),
    ],
    ...more,
  }
}

export function anAddress(text: string, condition: Condition = { kind: 'healthy' }) {
  const bytes = parseIpAddress(text)
  if (bytes === undefined) throw new Error(`Cannot use "${text}" as an address`)
  return { bytes, condition }
}

export function down(name: string, country: string, reason = 'it does not answer'): Candidate {
  const mirror = aMirror(name, country)
  const condition: Condition = { kind: 'down', reason }
  return { ...mirror, addresses: mirror.addresses.map(({ bytes }) => ({ bytes, condition })) }
}
