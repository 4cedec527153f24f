import type { ResponderSetup } from '#adapters/dns/index.ts'
import { parseIpAddress } from '#base/ip-address.ts'
import { epochSeconds } from '#base/time.ts'
import { EMPTY_TABLE } from '#core/places/index.ts'
import type { ZoneSnapshot } from '#core/zone/index.ts'
import { aMirror } from './candidates.ts'
import { aName, aSerial, aVersion } from './values.ts'

export const NOW = epochSeconds(1_795_488_123)

export function addresses(...texts: readonly string[]): readonly Uint8Array[] {
  return texts.map((text) => {
    const bytes = parseIpAddress(text)
    if (bytes === undefined) throw new Error(`Cannot use "${text}" as an address`)
    return bytes
  })
}

/** Ten mirrors on three continents, all well at release 7, which is announced. */
export function aSnapshot(more: Partial<ZoneSnapshot> = {}): ZoneSnapshot {
  return {
    zone: 'clamav.example',
    serial: 42,
    heardAt: NOW,
    authority: {
      primary: 'ns1',
      mailbox: 'hostmaster',
      refresh: 3600,
      retry: 600,
      expire: 86_400,
      minimum: 60,
    },
    nameServers: [
      { name: 'ns1', addresses: addresses('192.0.2.53', '2001:db8::53') },
      { name: 'ns2', addresses: addresses('198.51.100.53') },
    ],
    masters: [
      { name: 'rsync1', addresses: addresses('192.0.2.101', '2001:db8::101') },
      { name: 'rsync2', addresses: addresses('198.51.100.102') },
    ],
    mirrors: [
      aMirror('m1', 'DE'),
      aMirror('m2', 'DE'),
      aMirror('m3', 'FR'),
      aMirror('m4', 'AT'),
      aMirror('m5', 'IT'),
      aMirror('m6', 'US'),
      aMirror('m7', 'US'),
      aMirror('m8', 'BR'),
      aMirror('m9', 'JP'),
      aMirror('m10', 'SG'),
    ],
    announced: {
      serial: aSerial(7),
      at: epochSeconds(NOW - 90_000),
      versions: new Map([
        [aName('main'), aVersion(63)],
        [aName('daily'), aVersion(27100)],
        [aName('bytecode'), aVersion(339)],
        [aName('Acme'), aVersion(5)],
      ]),
      newestClamav: '1.4.6',
      versionWarning: 0,
      level: 90,
      safebrowsing: aVersion(49192),
    },
    lastGood: { ipv4: [], ipv6: [] },
    policy: {
      addressesMax: 8,
      nearMirrorsMin: 3,
      ttl: { mirrors: 120, wobbling: 20, records: 60, hosts: 3600 },
      certificateIssuers: ['ca.example'],
      overrideClamavNet: false,
    },
    ...more,
  }
}

/** A responder's setup that limits nobody and knows no places. */
export function aSetup(more: Partial<ResponderSetup> = {}): ResponderSetup {
  return {
    snapshot: aSnapshot(),
    places: EMPTY_TABLE,
    overrides: EMPTY_TABLE,
    rateLimit: { perSecond: 0, slip: 2 },
    unlimited: [],
    clientSubnet: false,
    cookieSecrets: [new Uint8Array(16).fill(7)],
    tsigKeys: [],
    seed: 1,
    ...more,
  }
}
