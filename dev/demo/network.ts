import { join } from 'node:path'
import { makeFolders, writeFileAtomic } from '#adapters/disk/index.ts'
import { openStore } from '#adapters/store/index.ts'
import { NOTIFY_USER, UPLOAD_USER } from '#core/gate/index.ts'
import type { SigmakerRecord } from '#core/mirrors/index.ts'
import { type PublisherSecrets, publicKeys } from '#formats/dsig/index.ts'
import type { Store } from '#ports/store.ts'
import {
  type Master,
  type MasterOptions,
  type MasterPublisher,
  type PushEvent,
  startMaster,
} from '#roles/master/index.ts'
import { type MirrorOptions, startMirror } from '#roles/mirror/index.ts'
import { type DemoKeys, freePort, layout, prepareKeys } from './layout.ts'
import type { NetworkJson } from './network-json.ts'
import {
  type MasterPlace,
  MODULE,
  type PlannedMirror,
  placeMasters,
  planMirrors,
  registerMirrors,
  UPLOAD_LIMITS,
} from './parts.ts'
import { startSite } from './site.ts'

export const ZONE = 'clamav.test'

export interface DemoOptions {
  readonly folder: string
  readonly mirrors: number
  /** Masters that share the store; one by default. */
  readonly masters?: number
  readonly onEvent: (line: string) => void
  readonly onPush: (mirror: string, event: PushEvent) => void
  /** Besides the demo's own, who may release everything. */
  readonly moreSigmakers?: readonly SigmakerRecord[]
  /** Instead of a file in the folder. */
  readonly store?: Store
  /** How often `timestamp` is renewed. */
  readonly timestampEveryMs?: number
  /** How long a release waits for the store. */
  readonly storePatienceMs?: number
  /** Whose databases the master accepts, given the demo's own publisher; by default his, with his patches made. */
  readonly publishers?: (own: PublisherSecrets) => readonly MasterPublisher[]
  /** Account that the master calls on the mirrors; where real accounts are called, there may be no other. */
  readonly account?: string
  /** Starts the mirrors elsewhere than in this process. */
  readonly startMirrors?: (mirrors: readonly MirrorOptions[]) => Promise<AsyncDisposable>
}

export interface DemoNetwork extends AsyncDisposable {
  readonly json: NetworkJson
  readonly store: Store
  /** The first of them. */
  readonly master: Master
  readonly masters: readonly Master[]
  /** Starts the master of that number again, after it was disposed. */
  startAgain(number: number): Promise<Master>
  readonly keys: DemoKeys
}

/** A network before anything of it runs. */
export interface NetworkPlan {
  readonly folder: string
  readonly keys: DemoKeys
  readonly masters: readonly MasterPlace[]
  readonly mirrors: readonly PlannedMirror[]
}

/** Makes keys, finds free ports and writes the mirrors' kits. */
export async function planNetwork(
  folder: string,
  count: { readonly masters: number; readonly mirrors: number },
  account?: string,
): Promise<NetworkPlan> {
  await makeFolders(folder)
  const keys = await prepareKeys(folder)
  const hosts = Array.from({ length: count.mirrors }, (_, at) => `127.0.1.${at + 1}`)
  const masters = await placeMasters(folder, count.masters)
  const ports = { http: await freePort(hosts), ssh: await freePort(hosts) }
  const mirrors = await planMirrors(folder, count.mirrors, masters, ports, account)
  return { folder, keys, masters, mirrors }
}

/** The whole network in this process, on loopback addresses: mirrors first, then the masters that push to them. */
export async function startDemo(options: DemoOptions): Promise<DemoNetwork> {
  const { folder } = options
  const count = { masters: options.masters ?? 1, mirrors: options.mirrors }
  const plan = await planNetwork(folder, count, options.account)
  const { keys, masters: places, mirrors: planned } = plan
  await using starting = new AsyncDisposableStack()
  const start = options.startMirrors ?? startHere
  starting.use(await start(planned.map((mirror) => mirrorOptions(folder, mirror, places))))
  const store =
    options.store ?? starting.use(await openStore({ kind: 'sqlite', path: layout(folder).store }))
  await registerMirrors(store, planned)
  const masters: Master[] = []
  for (const place of places) {
    masters.push(starting.use(await startMaster(masterOptions(options, place, keys, store))))
  }
  const [master] = masters
  if (master === undefined) throw new Error('Cannot run a network without a master')
  await master.caughtUp
  const site = starting.use(await startSite(join(layout(folder).master(master.name), 'current')))
  const json = await writeNetworkJson(plan, {
    dns: null,
    site: `http://${site.host}:${site.port}/`,
  })
  const running = starting.move()
  return {
    json,
    store,
    master,
    masters,
    startAgain: async (number) => {
      const place = places[number]
      if (place === undefined) throw new Error(`Cannot start master ${number}: there is none`)
      return running.use(await startMaster(masterOptions(options, place, keys, store)))
    },
    keys,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function masterOptions(
  options: DemoOptions,
  place: MasterPlace,
  keys: DemoKeys,
  store: Store,
): MasterOptions {
  const { folder, onEvent } = options
  return {
    name: place.name,
    zone: ZONE,
    address: place.host,
    state: layout(folder).master(place.name),
    ssh: { host: place.host, port: place.sshPort },
    rsync: { host: place.host, port: place.rsyncPort },
    module: MODULE,
    releasesKept: 5,
    uploadLimits: UPLOAD_LIMITS,
    push: {
      parallel: 32,
      connectTimeoutMs: 10_000,
      syncTimeoutMs: 20 * 60_000,
      retries: 8,
      retryBaseMs: 1000,
      retryMaxMs: 5 * 60_000,
      canary: true,
    },
    timestampEveryMs: options.timestampEveryMs ?? 6 * 3_600_000,
    publishers: (options.publishers ?? ownPublisher)(keys.publisher),
    networkKeys: layout(folder).networkKeys,
    sigmakers: [
      { name: 'sigmaker', keys: [keys.sigmaker.publicKey], databases: '*', mail: undefined },
      ...(options.moreSigmakers ?? []),
    ],
    mirrors: [],
    store,
    ...(options.storePatienceMs === undefined ? {} : { storePatienceMs: options.storePatienceMs }),
    onEvent,
    onPush: options.onPush,
  }
}

function ownPublisher(secrets: PublisherSecrets): readonly MasterPublisher[] {
  return [{ keys: publicKeys(secrets), secrets, always: [] }]
}

async function startHere(mirrors: readonly MirrorOptions[]): Promise<AsyncDisposable> {
  await using starting = new AsyncDisposableStack()
  for (const mirror of mirrors) {
    const onEvent = (line: string) => process.stderr.write(`  ${mirror.name}: ${line}\n`)
    starting.use(await startMirror({ ...mirror, onEvent }))
  }
  return starting.move()
}

function mirrorOptions(
  folder: string,
  { record: { name, host, httpPort, sshPort }, conf }: PlannedMirror,
  masters: readonly MasterPlace[],
): MirrorOptions {
  return {
    name,
    confFile: conf,
    http: { host, port: httpPort },
    ssh: { host, port: sshPort },
    hostKeyFile: layout(folder).mirror(name).hostKey,
    masters: masters.map(({ name, triggerKey: key }) => ({ name, key })),
  }
}

/** Tells other programs what runs where. */
export async function writeNetworkJson(
  plan: NetworkPlan,
  places: Pick<NetworkJson, 'dns' | 'site'>,
): Promise<NetworkJson> {
  const json = describe(plan, places)
  const text = `${JSON.stringify(json, undefined, 2)}\n`
  await writeFileAtomic(layout(plan.folder).networkJson, text, { mode: 0o600 })
  return json
}

function describe(
  { folder, masters, mirrors }: NetworkPlan,
  { dns, site }: Pick<NetworkJson, 'dns' | 'site'>,
): NetworkJson {
  return {
    zone: ZONE,
    dns,
    site,
    masters: masters.map(({ name, host, sshPort, rsyncPort, hostKey }) => ({
      name,
      host,
      sshPort,
      rsyncPort,
      module: MODULE,
      hostKey,
    })),
    mirrors: mirrors.map(({ record, login, docroot, conf }) => ({
      name: record.name,
      host: record.host,
      httpPort: record.httpPort,
      sshPort: record.sshPort,
      country: record.country,
      region: record.region,
      docroot,
      conf,
      ...login,
    })),
    sigmaker: {
      name: 'sigmaker',
      identity: layout(folder).identity,
      uploadUser: UPLOAD_USER,
      notifyUser: NOTIFY_USER,
    },
  }
}
