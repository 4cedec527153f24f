import { epochMs, epochSeconds } from '#base/time.ts'
import type { MirrorHealth } from '#core/health/index.ts'
import type { MasterRecord, MirrorRecord, SigmakerRecord } from '#core/mirrors/index.ts'
import type { ZoneSerials } from '#core/zone/index.ts'
import type { JournalEntry } from '#ports/journal.ts'
import type { Head } from '#ports/store.ts'
import { EXAMPLE_KEY, OTHER_KEY } from '../../src/formats/cvdnet-toml/example-keys.ts'
import { aGeneration, aName, aSerial, aVersion } from './values.ts'

/** Records of the store as tests need them: whole, plausible, each told apart by its name. */

export function aMirror(name: string, more: Partial<MirrorRecord> = {}): MirrorRecord {
  return {
    name,
    stage: 'listed',
    stageSince: epochMs(1_700_000_000_000),
    stageReason: 'seen good ten times',
    host: `${name}.example`,
    addresses: ['127.0.1.1', '2001:db8::1'],
    httpPort: 80,
    sshPort: 22,
    account: 'clamavdb',
    hostKey: EXAMPLE_KEY,
    aliases: [],
    country: 'DE',
    region: 'europe',
    bandwidthMbit: 100,
    admin: undefined,
    rsyncLogin: { user: name, password: `secret of ${name}` },
    downtimes: [],
    push: { bandwidthKbit: undefined, window: undefined },
    ...more,
  }
}

export function aSigmaker(name: string, more: Partial<SigmakerRecord> = {}): SigmakerRecord {
  return { name, keys: [EXAMPLE_KEY], databases: '*', mail: undefined, ...more }
}

export function aMaster(name: string, more: Partial<MasterRecord> = {}): MasterRecord {
  return {
    name,
    host: `${name}.example`,
    sshPort: 2222,
    rsyncPort: 873,
    module: 'clamavdb',
    hostKey: EXAMPLE_KEY,
    triggerKey: OTHER_KEY,
    rsyncLogin: { user: name, password: `secret of ${name}` },
    isOut: false,
    ...more,
  }
}

export function someHealth(serial = 1): MirrorHealth {
  const good = {
    kind: 'good',
    serial: aSerial(serial),
    generation: aGeneration(serial),
    stampedAt: epochSeconds(1_700_000_000),
    tookMs: 12,
    skewMs: undefined,
  } as const
  const at = epochMs(1_700_000_000_000)
  const address = {
    isUp: true,
    upSince: at,
    triedAt: at,
    goodInARow: 7,
    badInARow: 0,
    lastGood: { ...good, at },
  }
  return {
    addresses: [
      { ...address, address: '127.0.1.1', last: good },
      {
        ...address,
        address: '2001:db8::1',
        isUp: false,
        goodInARow: 0,
        badInARow: 3,
        last: { kind: 'bad', fault: 'redirect', reason: 'GET /timestamp: 302 to http://portal/' },
        lastGood: undefined,
      },
    ],
    freshAt: at,
    freshInARow: undefined,
    days: Array.from({ length: 14 }, (_, day) => ({
      day: 19_700 + day,
      good: 144,
      bad: 0,
      worst: 'good' as const,
    })),
  }
}

export function aHead(serial: number, generation: number, master = 'rsync1'): Head {
  return {
    release: {
      serial: aSerial(serial),
      publishedAt: epochSeconds(1_700_000_000),
      files: new Map([
        [
          'daily.cvd',
          {
            kind: 'database',
            path: 'daily.cvd',
            bytes: 1000,
            sha256: 'ab'.repeat(32),
            datedAt: epochSeconds(1_700_000_000),
            name: aName('daily'),
            version: aVersion(serial),
            builtAt: epochSeconds(1_700_000_000),
          },
        ],
      ]),
    },
    generation: aGeneration(generation),
    master,
    committedAt: epochMs(1_700_000_000_000 + generation),
  }
}

export function anEntry(what: string, more: Partial<JournalEntry> = {}): JournalEntry {
  return {
    at: epochMs(1_700_000_000_000),
    who: 'rsync1',
    what,
    subject: 'mirror1',
    why: ['a reason', 'another "reason"'],
    ...more,
  }
}

export function someSerials(serial: number): ZoneSerials {
  return { named: [{ serial, digest: 'ab'.repeat(32) }] }
}
