import { systemClock } from '#adapters/system/index.ts'
import type { DnsOptions } from '#roles/dns/index.ts'

/** A name server on a free port of loopback that limits nobody and knows no places, save for what is told. */
export function dnsOptions(
  told: Pick<DnsOptions, 'source' | 'lastSnapshot'> & Partial<DnsOptions>,
): DnsOptions {
  return {
    zone: 'clamav.example',
    hosts: ['127.0.0.1'],
    port: 0,
    places: undefined,
    overrides: [],
    rateLimit: { perSecond: 0, slip: 2 },
    unlimited: [],
    secondaries: [],
    powerDns: undefined,
    clientSubnet: false,
    sharePort: false,
    sockets: 'auto',
    cookieSecret: undefined,
    policy: (policy) => policy,
    clock: systemClock,
    onEvent: () => {},
    ...told,
  }
}
