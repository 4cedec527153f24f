import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolders } from '#adapters/disk/index.ts'
import { loadOrMakeKey } from '#adapters/ssh/index.ts'
import { makeNetworkKeys } from '#adapters/tuf/index.ts'
import { epochMs } from '#base/time.ts'
import type { MasterSettings, MirrorSettings, Settings } from '#formats/cvdnet-toml/index.ts'
import type { MetricSource } from '#ports/metric.ts'
import type { Store } from '#ports/store.ts'
import { type Master, masterFiles, startMaster } from '#roles/master/index.ts'
import { type Mirror, startMirror } from '#roles/mirror/index.ts'
import { say } from '../../io.ts'

import { engineFacts, runDns, zoneSource } from './dns.ts'
import { DnsNumbers } from './dns-numbers.ts'

import { runMetrics, treeMetrics } from './metrics.ts'
import { readPublisher } from './publishers.ts'
import { mirrorRecord, sigmakerRecord } from './registry.ts'
import { readSecret } from './secrets.ts'
import { openNetworkStore } from './store.ts'
import { runMonitor } from './watch.ts'

/** `signal` ends a start that waits for something. */
export async function startRoles(
  settings: Settings,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  await using starting = new AsyncDisposableStack()
  const sources: MetricSource[] = []
  if (settings.mirror !== undefined) {
    const mirror = starting.use(await runMirror(settings.mirror, settings.state))
    sources.push(treeMetrics('mirror', mirror.name, () => mirror.served()))
  }
  if (settings.master !== undefined) {
    const store = starting.use(await openStoreOf(settings))
    const master = starting.use(await runMaster(settings.master, settings, store))
    sources.push(treeMetrics('master', master.name, () => publishedBy(master)))
  }
  if (settings.monitor !== undefined) {
    const store = starting.use(await openStoreOf(settings))
    const monitor = await runMonitor(settings.monitor, settings, store)
    sources.push(starting.use(monitor).metrics)
  }
  const dnsSide = settings.dns && new DnsNumbers()
  if (settings.metrics !== undefined) {
    const all = [...sources, ...(dnsSide === undefined ? [] : [dnsSide.metrics])]
    starting.use(await runMetrics(settings.metrics, all, dnsSide?.questions ?? new Map()))
  }
  if (settings.dns !== undefined) {
    const { dns } = settings
    const source = await zoneSource(dns, settings, () => openStoreOf(settings), starting)
    const node = starting.use(await runDns(dns, settings, source, signal))
    dnsSide?.begin(node)
  }
  return starting.move()
}

async function openStoreOf(settings: Settings): Promise<Store> {
  await makeFolders(settings.state, 0o700)
  return await openNetworkStore(settings)
}

function publishedBy(master: Master) {
  const tree = master.published()
  return tree && { serial: tree.release.serial, generation: tree.generation }
}

async function runMirror(mirror: MirrorSettings, state: string): Promise<Mirror> {
  const folder = join(state, 'mirror')
  await makeFolders(folder, 0o700)
  const running = await startMirror({
    name: mirror.name,
    confFile: mirror.conf,
    http: mirror.http,
    https: mirror.https,
    statistics: mirror.statistics && {
      ...mirror.statistics,
      password: await readSecret(mirror.statistics.password, 'the password of the statistics'),
    },
    ssh: mirror.ssh,
    hostKeyFile: join(folder, 'ssh_host_ed25519_key'),
    masters: mirror.masters,
    deleteShareMax: mirror.deleteShareMax,
    rebuild: mirror.rebuild,
    onEvent: (line) => say(`${mirror.name}: ${line}`),
  })
  const { http, https, ssh } = running
  say(
    `${mirror.name}: mirror, http://${bracketed(http.host)}:${http.port}/, ssh ${ssh.host}:${ssh.port}`,
  )
  if (https) say(`${mirror.name}: https://${bracketed(https.host)}:${https.port}/`)
  say(`${mirror.name}: host key, for the masters' settings: ${ssh.hostKey}`)
  return running
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

async function runMaster(
  master: MasterSettings,
  { zone, state, updateRecord }: Settings,
  store: Store,
): Promise<Master> {
  const folder = join(state, 'master')
  await makeFolders(folder, 0o700)
  if ((await stat(join(master.networkKeys, 'root.json')).catch(() => undefined)) === undefined) {
    await makeNetworkKeys(master.networkKeys, epochMs(Date.now()))
    say(`${master.name}: made the network's keys in "${master.networkKeys}"`)
    say(`${master.name}: keep tuf-root.pem somewhere else; root.json goes into every mirror's kit`)
  }
  const { name, publishers, sigmakers, mirrors, ...rest } = master
  const now = epochMs(Date.now())
  const running = await startMaster({
    ...rest,
    name,
    zone,
    engine: engineFacts(updateRecord),
    state: folder,
    store,
    publishers: await Promise.all(publishers.map(readPublisher)),
    sigmakers: sigmakers.map(sigmakerRecord),
    mirrors: await Promise.all(mirrors.map((entry) => mirrorRecord(entry, now))),
    onEvent: (line) => say(`${name}: ${line}`),
  })
  const { publicKey } = await loadOrMakeKey(masterFiles(folder).triggerKey, name)
  const { ssh, rsync } = running
  say(`${name}: master, ssh ${ssh.host}:${ssh.port}, rsync ${rsync.host}:${rsync.port}`)
  say(`${name}: host key, for sigmakers: ${ssh.hostKey}`)
  say(`${name}: calls mirrors with this key, for their settings: ${publicKey}`)
  return running
}
