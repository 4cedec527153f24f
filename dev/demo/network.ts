import { join } from 'node:path'
import { makeFolders, writeFileAtomic } from '#adapters/disk/index.ts'
import { openStore } from '#adapters/store/index.ts'
import { NOTIFY_USER, UPLOAD_USER } from '#core/gate/index.ts'
import type { SigmakerRecord } from '#core/mirrors/index.ts'
import { type PublisherSecrets, publicKeys } from '#formats/dsig/index.ts'
import type { Store } from '#ports/store.ts'
import type { DnsNode } from '#roles/dns/index.ts'
import {
  type Master,
  type MasterPublisher,
  type PushEvent,
  startMaster,
} from '#roles/master/index.ts'
import { type MirrorOptions, startMirror } from '#roles/mirror/index.ts'
import { type DemoKeys, freePort, layout, prepareKeys } from './layout.ts'
import type { NetworkJson } from './network-json.ts'
import {
  MASTER,
  MASTER_HOST,
  MODULE,
  masterTriggerKey,
  type PlannedMirror,
  planMirrors,
  registerMirrors,
  UPLOAD_LIMITS,
} from './parts.ts'
import { startSite } from './site.ts'
import { DemoZone, startDemoDns } from './zone.ts'

export const ZONE = 'clamav.test'

export interface DemoOptions {
  readonly folder: string
  readonly mirrors: number
  readonly onEvent: (line: string) => void
  readonly onPush: (mirror: string, event: PushEvent) => void
  /** Besides the demo's own, who may release everything. */
  readonly moreSigmakers?: readonly SigmakerRecord[]
  /** Instead of a file in the folder. */
  readonly store?: Store
  /** How long a release waits for the store. */
  readonly storePatienceMs?: number
  /** Whose databases the master accepts, given the demo's own publisher; by default his, with his patches made. */
  readonly publishers?: (own: PublisherSecrets) => readonly MasterPublisher[]
  /** Account that the master calls on the mirrors; where real accounts are called, there may be no other. */
  readonly account?: string
  /** Where the name server listens, 0 for a port that is free; and whether it answers for cvd.clamav.net, too. */
  readonly dns?: { readonly port: number; readonly overrideClamavNet: boolean }
  /** Starts the mirrors elsewhere than in this process. */
  readonly startMirrors?: (mirrors: readonly MirrorOptions[]) => Promise<AsyncDisposable>
}

export interface DemoNetwork extends AsyncDisposable {
  readonly json: NetworkJson
  readonly store: Store
  readonly master: Master
  readonly keys: DemoKeys
  readonly dns: DnsNode
}

/** The whole network in this process, on loopback addresses: mirrors first, then the master that pushes to them. */
export async function startDemo(options: DemoOptions): Promise<DemoNetwork> {
  const { folder, onEvent } = options
  await makeFolders(folder)
  const keys = await prepareKeys(folder)
  const hosts = Array.from({ length: options.mirrors }, (_, at) => `127.0.1.${at + 1}`)
  const ports = {
    rsync: await freePort([MASTER_HOST]),
    http: await freePort(hosts),
    ssh: await freePort(hosts),
  }
  const planned = await planMirrors(folder, options.mirrors, ports, options.account)
  await using starting = new AsyncDisposableStack()
  const masterKey = await masterTriggerKey(folder)
  const zone = new DemoZone(ZONE, planned, { name: MASTER, host: MASTER_HOST }, onEvent)
  let published: Master['published'] = () => undefined
  const start = options.startMirrors ?? startHere
  starting.use(await start(planned.map((mirror) => mirrorOptions(folder, mirror, masterKey))))
  const store =
    options.store ?? starting.use(await openStore({ kind: 'sqlite', path: layout(folder).store }))
  await registerMirrors(store, planned)
  const master = starting.use(
    await startMaster({
      name: MASTER,
      zone: ZONE,
      state: layout(folder).master(MASTER),
      ssh: { host: MASTER_HOST, port: 0 },
      rsync: { host: MASTER_HOST, port: ports.rsync },
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
      },
      timestampEveryMs: 6 * 3_600_000,
      publishers: (options.publishers ?? ownPublisher)(keys.publisher),
      networkKeys: layout(folder).networkKeys,
      sigmakers: [
        { name: 'sigmaker', keys: [keys.sigmaker.publicKey], databases: '*', mail: undefined },
        ...(options.moreSigmakers ?? []),
      ],
      mirrors: [],
      store,
      ...(options.storePatienceMs === undefined
        ? {}
        : { storePatienceMs: options.storePatienceMs }),
      onEvent,
      onPush: (mirror, event) => {
        zone.see(mirror, event, published())
        options.onPush(mirror, event)
      },
    }),
  )
  published = () => master.published()
  await master.caughtUp
  const dns = starting.use(await startDemoDns({ folder, zone, published, onEvent, ...options.dns }))
  const site = starting.use(await startSite(join(layout(folder).master(MASTER), 'current')))
  const json = describe(folder, master, planned, dns, `http://${site.host}:${site.port}/`)
  await writeFileAtomic(layout(folder).networkJson, `${JSON.stringify(json, undefined, 2)}\n`, {
    mode: 0o600,
  })
  const running = starting.move()
  return { json, store, master, keys, dns, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** Version that the demo's own database would have next. */
export function nextVersion({ master }: DemoNetwork): number {
  return (master.published()?.release.files.get('demo.cvd')?.version ?? 0) + 1
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
  masterKey: string,
): MirrorOptions {
  return {
    name,
    confFile: conf,
    http: { host, port: httpPort },
    ssh: { host, port: sshPort },
    hostKeyFile: layout(folder).mirror(name).hostKey,
    masters: [{ name: MASTER, key: masterKey }],
  }
}

function describe(
  folder: string,
  master: Master,
  mirrors: readonly PlannedMirror[],
  dns: DnsNode,
  site: string,
): NetworkJson {
  const [listener] = dns.listeners
  return {
    zone: ZONE,
    dns: listener === undefined ? null : { host: listener.host, port: listener.port },
    site,
    masters: [
      {
        name: master.name,
        host: master.ssh.host,
        sshPort: master.ssh.port,
        rsyncPort: master.rsync.port,
        module: master.rsync.module,
        hostKey: master.ssh.hostKey,
      },
    ],
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
