/** The one place that picks the world for a name server: sockets, places, disk. */
import { randomBytes, randomInt } from 'node:crypto'
import type { ResponderSetup } from '#adapters/dns/index.ts'
import { type PlaceData, watchPlaces } from '#adapters/geoip/index.ts'
import { parseIpAddress, unmapped } from '#base/ip-address.ts'
import { rfc3339, toSeconds } from '#base/time.ts'
import {
  EMPTY_TABLE,
  findPlace,
  findPlaceWith,
  overrideTable,
  placeAt,
  type RangeTable,
} from '#core/places/index.ts'
import {
  type ExplainedClient,
  type Explanation,
  explain,
  type ZoneSnapshot,
} from '#core/zone/index.ts'
import { COOKIE_SECRET_BYTES } from '#formats/dns-message/index.ts'
import { type DnsCounters, DnsServerError } from '#ports/dns-server.ts'
import { SnapshotKeeper } from './keeper.ts'
import { type Listener, Listeners } from './listeners.ts'
import type { DnsOptions } from './options.ts'
import { startBackend } from './powerdns.ts'
import { Tellers } from './tellers.ts'
import { type DnssecStatus, ZoneKeys } from './zone-keys.ts'

/** Data of that age put whole networks into the wrong country. Guess: providers say that one in a hundred moves a month. */
const PLACES_AGE_DAYS_MAX = 400
const DAY_MS = 86_400_000
const LOOK_AT_ALARMS_MS = 60_000

export interface DnsNode extends AsyncDisposable {
  readonly listeners: readonly Listener[]
  snapshot(): ZoneSnapshot
  status(): Promise<DnsStatus>
  /** Undefined: `client` is no address, or `name` no name. */
  explain(client: string, name?: string): Explanation | undefined
}

/** Plain, for JSON. */
export interface DnsStatus {
  readonly zone: string
  readonly serial: number
  readonly announced: number | null
  readonly heardSecondsAgo: number
  readonly listeners: readonly Listener[]
  readonly places: { readonly ranges: number; readonly madeAt: string | null }
  /** Null: the zone is not signed. */
  readonly dnssec: DnssecStatus | null
  readonly counters: DnsCounters
  readonly alarms: readonly string[]
}

/**
 * A name server in the foreground. With a snapshot of an earlier run it answers at once, before its source or the data of
 * places are there; without one it waits for the source.
 */
export async function startDns(options: DnsOptions): Promise<DnsNode> {
  const { source, clock, onEvent } = options
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])])
  await using starting = new AsyncDisposableStack()
  const keeper = new SnapshotKeeper(options)
  const changes = source.changes(signal)
  const first = await firstSnapshot(options, keeper, changes)
  const overrides = overrideTable(options.overrides)
  const zoneKeys = await ZoneKeys.load(options, first.zone)
  const setup = setupOf(options, first, overrides, zoneKeys)
  const listeners = starting.use(await Listeners.start(options, setup))
  if (zoneKeys !== undefined) starting.use(zoneKeys.follow((keys) => listeners.signWith(keys)))
  const known: KnownPlaces = { data: undefined }
  followPlaces(options, listeners, known, starting)
  const snapshot = () => keeper.current ?? first
  const places = () => known.data?.table ?? EMPTY_TABLE
  if (options.powerDns !== undefined) {
    const live = { snapshot, places, overrides, clock }
    const { host, port } = starting.use(await startBackend(options.powerDns, live))
    onEvent(`PowerDNS may ask at http://${host}:${port}/dns`)
  }
  const tellers = new Tellers(options, signal)
  tellers.tell(first)
  const following = follow(changes, keeper, listeners, tellers).catch((error: unknown) => {
    if (!signal.aborted) onEvent(`ALARM: the source of the zone ended: ${error}`)
  })
  const watching = watchAlarms(options, keeper, signal)
  starting.defer(async () => {
    stop.abort(new Error('Stopping'))
    await Promise.all([following, watching, tellers.rest()])
  })
  const running = starting.move()
  return {
    listeners: listeners.all,
    snapshot,
    status: async () => {
      const counters = await listeners.counters()
      const now = toSeconds(clock.now())
      return {
        zone: snapshot().zone,
        serial: snapshot().serial,
        announced: snapshot().announced?.serial ?? null,
        heardSecondsAgo: now - snapshot().heardAt,
        listeners: listeners.all,
        places: {
          ranges: known.data?.ranges ?? 0,
          madeAt: madeAt(known.data),
        },
        dnssec: zoneKeys?.status(counters.signaturesUntil, now) ?? null,
        counters,
        alarms: [...keeper.tellAlarms(), ...(zoneKeys?.alarms ?? [])],
      }
    },
    explain: (address, name) => {
      const client = whereIs(address, overrides, places())
      const asked = name ?? `database.${snapshot().zone}`
      const now = toSeconds(clock.now())
      return client && explain(snapshot(), client, asked, now, zoneKeys?.current)
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

interface KnownPlaces {
  data: PlaceData | undefined
}

/** What watches them goes into `owned`. */
function followPlaces(
  options: DnsOptions,
  listeners: Listeners,
  known: KnownPlaces,
  owned: AsyncDisposableStack,
): void {
  const { onEvent } = options
  if (options.places === undefined) onEvent('no data of places: every client counts as "other"')
  else {
    const onData = (data: PlaceData) => {
      known.data = data
      listeners.placeBy(data.table)
      tellAge(data, options)
    }
    const onFault = ({ message }: Error) =>
      onEvent(
        `${message}; ${known.data === undefined ? 'every client counts as "other"' : 'the data before stay'}`,
      )
    owned.use(watchPlaces(options.places, { onData, onFault }))
  }
}

/** Where an address is, and by what. Undefined when it is no address. */
export function whereIs(
  address: string,
  overrides: RangeTable,
  data: RangeTable,
): ExplainedClient | undefined {
  const parsed = parseIpAddress(address)
  if (parsed === undefined) return undefined
  const bytes = unmapped(parsed)
  const number = findPlaceWith(overrides, data, bytes)
  const own = findPlace(overrides, bytes) !== 0
  const by = own ? 'override' : number === 0 ? 'nothing' : 'data'
  return { address, place: placeAt(number), by }
}

async function firstSnapshot(
  { source, onEvent, onWaiting }: DnsOptions,
  keeper: SnapshotKeeper,
  changes: AsyncIterable<ZoneSnapshot>,
): Promise<ZoneSnapshot> {
  const last = await keeper.load()
  const current = source.current()
  const taken = current && (await keeper.take(current))
  if (taken !== undefined) return taken
  if (last !== undefined) {
    onEvent(`answering from the snapshot of ${rfc3339(last.heardAt)}, serial ${last.serial}`)
    return last
  }
  onEvent('nothing to answer from yet; waiting for the first snapshot')
  onWaiting?.()
  const iterator = changes[Symbol.asyncIterator]()
  for (;;) {
    const next = await iterator.next()
    if (next.done === true) throw new DnsServerError('broken', 'start a name server without a zone')
    const first = await keeper.take(next.value)
    if (first !== undefined) return first
  }
}

async function follow(
  changes: AsyncIterable<ZoneSnapshot>,
  keeper: SnapshotKeeper,
  listeners: Listeners,
  tellers: Tellers,
): Promise<void> {
  for await (const snapshot of changes) {
    const taken = await keeper.take(snapshot)
    if (taken === undefined) continue
    listeners.answerFrom(taken)
    tellers.tell(taken)
  }
}

async function watchAlarms(
  { clock }: DnsOptions,
  keeper: SnapshotKeeper,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(LOOK_AT_ALARMS_MS, signal).catch(() => {})
    if (!signal.aborted) keeper.tellAlarms()
  }
}

function setupOf(
  options: DnsOptions,
  snapshot: ZoneSnapshot,
  overrides: RangeTable,
  zoneKeys: ZoneKeys | undefined,
): ResponderSetup {
  const secret = options.cookieSecret ?? Uint8Array.from(randomBytes(COOKIE_SECRET_BYTES))
  return {
    snapshot,
    places: EMPTY_TABLE,
    overrides,
    rateLimit: options.rateLimit,
    unlimited: options.unlimited,
    clientSubnet: options.clientSubnet,
    cookieSecrets: [secret],
    tsigKeys: options.secondaries.map(({ key }) => key),
    dnssec: options.dnssec && zoneKeys ? { ...options.dnssec, keys: zoneKeys.current } : undefined,
    seed: randomInt(2 ** 31),
  }
}

function madeAt(data: PlaceData | undefined): string | null {
  return data?.madeAtMs === undefined ? null : new Date(data.madeAtMs).toISOString()
}

function tellAge(data: PlaceData, { clock, onEvent }: DnsOptions): void {
  const made = madeAt(data)
  onEvent(`places: ${data.ranges} ranges${made === null ? '' : ` of ${made.slice(0, 10)}`}`)
  if (data.madeAtMs === undefined) return
  const days = Math.floor((clock.now() - data.madeAtMs) / DAY_MS)
  if (days > PLACES_AGE_DAYS_MAX) {
    onEvent(
      `ALARM: the data of places are ${days} days old; clients may be sent to the wrong continent`,
    )
  }
}
