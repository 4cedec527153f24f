/** From what the store knows to what the zone answers (decisions 3–5). */
import { isHostLabel } from '#base/host.ts'
import { parseIpAddress } from '#base/ip-address.ts'
import type { DbName, DbVersion, Serial } from '#base/names.ts'
import { type EpochMs, rfc3339, toSeconds } from '#base/time.ts'
import { type AddressHealth, freshest, type MirrorHealth } from '../health/index.ts'
import {
  downtimeAt,
  type MasterRecord,
  type MirrorRecord,
  type MirrorStage,
} from '../mirrors/index.ts'
import type { Release } from '../release/index.ts'
import type { Candidate, CandidateAddress, Condition, Listing } from '../selection/index.ts'
import { DEFAULT_AUTHORITY, DEFAULT_POLICY } from './defaults.ts'
import { RESERVED_LABELS } from './host-names.ts'
import {
  type Announced,
  HOST_ADDRESSES_MAX,
  type Host,
  REASON_CHARS_MAX,
  SNAPSHOT_MIRRORS_MAX,
  type ZoneSnapshot,
} from './snapshot.ts'
import { printSnapshot } from './snapshot-json.ts'

/** The store's side. */
export interface KnownNetwork {
  readonly mirrors: readonly MirrorRecord[]
  /** By the mirror's name. */
  readonly healths: ReadonlyMap<string, MirrorHealth>
  readonly masters: readonly MasterRecord[]
  /** What clients are told of; undefined: nothing yet. */
  readonly announced: { readonly at: EpochMs; readonly release: Release } | undefined
}

/** What the store does not know: from the settings of a name server. */
export interface ZoneFacts {
  readonly zone: string
  /** The first is the primary of the SOA. */
  readonly nameServers: readonly Host[]
  /** Instead of those of the same name in the registry, or besides them. */
  readonly masters: readonly Host[]
  /** Fields 0, 4, 5 and 6 of the update record (decision 17). */
  readonly engine: EngineFacts
}

/** Fields of the update record that are not of a release. */
export type EngineFacts = Pick<
  Announced,
  'newestClamav' | 'versionWarning' | 'level' | 'safebrowsing'
>

/** A machine that clients cannot find by a name of the zone, and why. */
export interface NotInZone {
  readonly name: string
  readonly why: 'no-label' | 'taken' | 'no-address' | 'too-many'
}

/** Who asked to join or has left has no name in the zone; everybody else is in it, answered or not, so that it can be explained. */
const NAMED: ReadonlySet<MirrorStage> = new Set([
  'credentials',
  'tested',
  'listed',
  'old',
  'removed',
  'suspended',
])

/** `serial` of the zone and `heardAt` are the second of `now`. */
export function zoneOfNetwork(
  network: KnownNetwork,
  facts: ZoneFacts,
  now: EpochMs,
): { readonly snapshot: ZoneSnapshot; readonly left: readonly NotInZone[] } {
  const { zone, nameServers, engine } = facts
  const names = new Names(nameServers)
  const masters = names.take(mastersOf(network.masters, facts.masters))
  const announced = network.announced && announcedOf(network.announced, engine)
  const mirrors = names.take(
    network.mirrors
      .filter(({ stage }) => NAMED.has(stage))
      .map((record) => candidateOf(record, network.healths.get(record.name), announced, now)),
  )
  for (const { name } of mirrors.slice(SNAPSHOT_MIRRORS_MAX)) {
    names.left.push({ name, why: 'too-many' })
  }
  const heardAt = toSeconds(now)
  const snapshot: ZoneSnapshot = {
    zone,
    serial: heardAt,
    heardAt,
    authority: { ...DEFAULT_AUTHORITY, primary: nameServers[0]?.name ?? DEFAULT_AUTHORITY.primary },
    nameServers,
    masters,
    mirrors: mirrors.slice(0, SNAPSHOT_MIRRORS_MAX),
    announced,
    lastGood: { ipv4: [], ipv6: [] },
    policy: DEFAULT_POLICY,
  }
  return { snapshot, left: names.left }
}

/** Whether both answer the same, heard of at whatever time. */
export function isSameZone(a: ZoneSnapshot, b: ZoneSnapshot): boolean {
  const { serial, heardAt } = a
  return printSnapshot(a) === printSnapshot({ ...b, serial, heardAt })
}

/** Every name is one machine's. */
class Names {
  readonly left: NotInZone[] = []
  readonly #taken = new Set<string>(RESERVED_LABELS)

  constructor(nameServers: readonly Host[]) {
    for (const { name } of nameServers) this.#taken.add(name)
  }

  take<T extends { readonly name: string; readonly addresses: readonly unknown[] }>(
    hosts: readonly T[],
  ): readonly T[] {
    return hosts.filter(({ name, addresses }) => {
      const why = this.#whyNot(name, addresses.length)
      if (why === undefined) this.#taken.add(name)
      else this.left.push({ name, why })
      return why === undefined
    })
  }

  #whyNot(name: string, addresses: number): NotInZone['why'] | undefined {
    if (!isHostLabel(name)) return 'no-label'
    if (this.#taken.has(name)) return 'taken'
    return addresses === 0 ? 'no-address' : undefined
  }
}

/** One that is out is not pulled from, unless nobody else is there. */
function mastersOf(records: readonly MasterRecord[], known: readonly Host[]): readonly Host[] {
  const own = new Set(known.map(({ name }) => name))
  const isIn = records.filter(({ isOut }) => !isOut)
  const some = isIn.length > 0 ? isIn : records
  const outside = new Set(records.filter((one) => !some.includes(one)).map(({ name }) => name))
  return [
    ...known.filter(({ name }) => !outside.has(name)),
    ...some
      .filter(({ name }) => !own.has(name))
      .map(({ name, host }) => ({ name, addresses: bytesOf([host]) })),
  ]
}

/** What name servers and `dns.txt` tell of a release that is announced. */
export function announcedOf(
  { at, release }: NonNullable<KnownNetwork['announced']>,
  engine: ZoneFacts['engine'],
): Announced {
  const versions = new Map<DbName, DbVersion>()
  for (const file of release.files.values()) {
    if (file.kind === 'database') versions.set(file.name, file.version)
  }
  return { ...engine, serial: release.serial, at: toSeconds(at), versions }
}

function candidateOf(
  record: MirrorRecord,
  health: MirrorHealth | undefined,
  announced: Announced | undefined,
  now: EpochMs,
): Candidate {
  const { name, country, region, bandwidthMbit } = record
  const serial = health && freshest(health)?.serial
  return {
    name,
    country,
    region,
    bandwidthMbit,
    serial,
    listing: listingOf(record, now),
    addresses: record.addresses.slice(0, HOST_ADDRESSES_MAX).flatMap((address) => {
      const seen = health?.addresses.find((one) => one.address === address)
      const condition = conditionOf(seen, serial, announced?.serial)
      return bytesOf([address]).map((bytes): CandidateAddress => ({ bytes, condition }))
    }),
  }
}

/** An old mirror stays listed (R112); what it serves decides whether clients are sent there. */
function listingOf({ stage, stageReason, downtimes }: MirrorRecord, now: EpochMs): Listing {
  if (stage !== 'listed' && stage !== 'old') {
    return { kind: 'unlisted', state: stage, reason: clipped(stageReason) }
  }
  const planned = downtimeAt(downtimes, now)
  if (planned === undefined) return { kind: 'listed' }
  const until = rfc3339(toSeconds(planned.until))
  return { kind: 'unlisted', state: 'paused', reason: clipped(`until ${until}: ${planned.reason}`) }
}

/** `best` is what the freshest address of the mirror serves. */
function conditionOf(
  seen: AddressHealth | undefined,
  best: Serial | undefined,
  announced: Serial | undefined,
): Condition {
  if (seen === undefined) return { kind: 'down', reason: 'it was not looked at yet' }
  const { isUp, last, lastGood, badInARow } = seen
  if (!isUp) {
    const reason = last.kind === 'bad' ? last.reason : 'it answers again, and is watched first'
    return { kind: 'down', reason: clipped(reason) }
  }
  const own = lastGood?.serial ?? 0
  if (announced !== undefined && own < announced && (best ?? 0) >= announced) {
    return { kind: 'down', reason: `it serves release ${own}, another address ${best}` }
  }
  return { kind: badInARow > 0 ? 'wobbling' : 'healthy' }
}

function bytesOf(addresses: readonly string[]): readonly Uint8Array[] {
  return addresses.flatMap((address) => parseIpAddress(address) ?? [])
}

function clipped(text: string): string {
  return text.slice(0, REASON_CHARS_MAX)
}
