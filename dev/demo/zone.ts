import { join } from 'node:path'
import type { PublishedTree } from '#adapters/disk/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { parseIpAddress, parseIpPrefix } from '#base/ip-address.ts'
import type { DbName, DbVersion, Serial } from '#base/names.ts'
import { type EpochMs, toSeconds } from '#base/time.ts'
import { decideAnnouncement, describeSpread, type MirrorSight } from '#core/announce/index.ts'
import type { PlaceOverride } from '#core/places/index.ts'
import type { Candidate } from '#core/selection/index.ts'
import {
  type Announced,
  DEFAULT_AUTHORITY,
  DEFAULT_POLICY,
  type ZoneSnapshot,
} from '#core/zone/index.ts'
import { type DnsNode, startDns, ZoneFeed } from '#roles/dns/index.ts'
import type { PushEvent } from '#roles/master/index.ts'
import type { PlannedMirror } from './parts.ts'

const CONFIRM_EVERY_MS = 60_000
/** What the record says of the engine: the version that the tests run against. */
const ENGINE = { newestClamav: '1.4.6', versionWarning: 0, level: 90 } as const
/** `dig -b 127.0.20.1` asks from America: loopback is nowhere by itself. */
export const PRETENDED_PLACES = [
  ['127.0.10.0/24', 'DE'],
  ['127.0.20.0/24', 'US'],
  ['127.0.30.0/24', 'JP'],
  ['127.0.40.0/24', 'ZA'],
] as const

interface Sight {
  readonly serial: Serial | undefined
  /** Why it is down; undefined: it is well. */
  readonly failure: string | undefined
}

/**
 * What the demo knows of its mirrors, from the looks that end each push, as snapshots of the zone. A release is announced
 * when a quorum was seen serving it (decision 4).
 */
export class DemoZone {
  readonly feed = new ZoneFeed()
  readonly #zone: string
  readonly #mirrors: readonly PlannedMirror[]
  readonly #master: { readonly name: string; readonly host: string }
  readonly #onEvent: (line: string) => void
  readonly #sights = new Map<string, Sight>()
  #published: { readonly tree: PublishedTree; readonly since: EpochMs } | undefined
  #announced: Announced | undefined

  constructor(
    zone: string,
    mirrors: readonly PlannedMirror[],
    master: { readonly name: string; readonly host: string },
    onEvent: (line: string) => void,
  ) {
    this.#zone = zone
    this.#mirrors = mirrors
    this.#master = master
    this.#onEvent = onEvent
  }

  /** `tree` is what the master publishes while this happens. */
  see(mirror: string, event: PushEvent, tree: PublishedTree | undefined): void {
    const before = this.#sights.get(mirror)
    if (event.kind === 'acknowledged') {
      this.#sights.set(mirror, { serial: event.wanted.serial, failure: undefined })
    } else if (event.kind === 'failed') {
      this.#sights.set(mirror, { serial: before?.serial, failure: event.reason })
    } else return
    this.update(tree)
  }

  update(tree: PublishedTree | undefined): void {
    const now = systemClock.now()
    if (tree !== undefined && tree.release.serial !== this.#published?.tree.release.serial) {
      this.#published = { tree, since: now }
    }
    this.#announce(now)
    this.feed.offer(this.#snapshot(now))
  }

  #announce(now: EpochMs): void {
    if (this.#published === undefined || this.#published.tree.release.files.size === 0) return
    const { tree, since } = this.#published
    const { serial } = tree.release
    const verdict = decideAnnouncement(
      { serial, since, announced: this.#announced?.serial },
      this.#mirrors.map((mirror) => this.#sightOf(mirror)),
      now,
    )
    if (verdict.kind !== 'announce' && verdict.kind !== 'announce-late') return
    const versions = new Map<DbName, DbVersion>()
    for (const file of tree.release.files.values()) {
      if (file.kind === 'database') versions.set(file.name, file.version)
    }
    this.#announced = { ...ENGINE, serial, at: toSeconds(now), versions, safebrowsing: undefined }
    this.#onEvent(`dns: release ${serial} is announced: ${describeSpread(verdict.spread)}`)
  }

  #sightOf({ record }: PlannedMirror): MirrorSight {
    const { name, bandwidthMbit } = record
    const sight = this.#sights.get(name)
    return {
      name,
      bandwidthMbit,
      // One that was not looked at yet is waited for.
      healthy: sight?.failure === undefined,
      serial: sight?.serial,
    }
  }

  #snapshot(now: EpochMs): ZoneSnapshot {
    const heardAt = toSeconds(now)
    const { name, host } = this.#master
    return {
      zone: this.#zone,
      serial: heardAt,
      heardAt,
      authority: DEFAULT_AUTHORITY,
      nameServers: [{ name: 'ns1', addresses: addressOf('127.0.0.1') }],
      masters: [{ name, addresses: addressOf(host) }],
      mirrors: this.#mirrors.map((mirror) => this.#candidate(mirror)),
      announced: this.#announced,
      lastGood: { ipv4: [], ipv6: [] },
      policy: DEFAULT_POLICY,
    }
  }

  #candidate({ record }: PlannedMirror): Candidate {
    const { name, country, region, bandwidthMbit, addresses } = record
    const { serial, failure } = this.#sights.get(name) ?? {
      serial: undefined,
      failure: 'it was not looked at yet',
    }
    return {
      name,
      country,
      region,
      bandwidthMbit,
      serial,
      listing: { kind: 'listed' },
      addresses: addresses.flatMap(addressOf).map((bytes) => ({
        bytes,
        condition: failure === undefined ? { kind: 'healthy' } : { kind: 'down', reason: failure },
      })),
    }
  }
}

export interface DemoDnsOptions {
  readonly folder: string
  readonly zone: DemoZone
  readonly published: () => PublishedTree | undefined
  readonly onEvent: (line: string) => void
  readonly port?: number
  readonly overrideClamavNet?: boolean
}

/** Answers from the zone, and says every minute that what it knows still holds. */
export async function startDemoDns(options: DemoDnsOptions): Promise<DnsNode> {
  const { folder, zone, published, onEvent, port = 0, overrideClamavNet = false } = options
  zone.update(published())
  const node = await startDns({
    hosts: ['127.0.0.1'],
    port,
    source: zone.feed,
    lastSnapshot: join(folder, 'dns', 'last-snapshot.json'),
    places: { kind: 'tor', ipv4: '/usr/share/tor/geoip', ipv6: '/usr/share/tor/geoip6' },
    overrides: pretended(),
    rateLimit: { perSecond: 0, slip: 2 },
    unlimited: [],
    secondaries: [],
    powerDns: undefined,
    clientSubnet: true,
    sharePort: false,
    sockets: 'auto',
    cookieSecret: undefined,
    policy: (policy) => ({ ...policy, overrideClamavNet }),
    clock: systemClock,
    onEvent: (line) => onEvent(`dns: ${line}`),
  })
  const confirming = setInterval(() => zone.update(published()), CONFIRM_EVERY_MS)
  confirming.unref()
  return {
    ...node,
    async [Symbol.asyncDispose]() {
      clearInterval(confirming)
      await node[Symbol.asyncDispose]()
    },
  }
}

function pretended(): readonly PlaceOverride[] {
  return PRETENDED_PLACES.flatMap(([text, country]) => {
    const prefix = parseIpPrefix(text)
    return prefix === undefined ? [] : [{ prefix, country }]
  })
}

function addressOf(host: string): readonly Uint8Array[] {
  const bytes = parseIpAddress(host)
  return bytes === undefined ? [] : [bytes]
}
