import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { makeFolders } from '#adapters/disk/index.ts'
import { loadOrMakeKey } from '#adapters/ssh/index.ts'
import { openStore, type StorePlace } from '#adapters/store/index.ts'
import { makeNetworkKeys } from '#adapters/tuf/index.ts'
import { epochMs } from '#base/time.ts'
import {
  describeSettingsFault,
  type MasterSettings,
  type MirrorSettings,
  parseSettings,
  type Settings,
  type StoreSettings,
} from '#formats/cvdnet-toml/index.ts'
import type { Store } from '#ports/store.ts'
import { masterFiles, startMaster } from '#roles/master/index.ts'
import { startMirror } from '#roles/mirror/index.ts'
import { CommandEnd, complain, EXIT, ended, say } from '../../io.ts'
import { runDns } from './dns.ts'
import { readPublisher } from './publishers.ts'
import { mirrorRecord, sigmakerRecord } from './registry.ts'
import { readSecret } from './secrets.ts'

/** Every fault of the file is told at once, each with its line; then the command ends as wrong use. */
export async function readSettings(file: string): Promise<Settings> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw ended(EXIT.world, `Cannot read "${file}"`, cause)
  })
  const settings = parseSettings(text, { folder: resolve(dirname(file)) })
  if (settings.ok) return settings.value
  for (const fault of settings.fault) complain(`${file}: ${describeSettingsFault(fault)}`)
  throw new CommandEnd(EXIT.usage, `"${file}" has ${settings.fault.length} fault(s)`)
}

/** `signal` ends a start that waits for something. */
export async function startRoles(
  settings: Settings,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  await using starting = new AsyncDisposableStack()
  if (settings.mirror !== undefined) {
    starting.use(await runMirror(settings.mirror, settings.state))
  }
  if (settings.master !== undefined) {
    await makeFolders(settings.state, 0o700)
    const store = starting.use(await openStore(await placeOf(settings.store)))
    starting.use(await runMaster(settings.master, settings, store))
  }
  if (settings.dns !== undefined) {
    starting.use(await runDns(settings.dns, settings.state, signal))
  }
  return starting.move()
}

export async function placeOf(settings: StoreSettings): Promise<StorePlace> {
  if (settings.kind === 'sqlite') return settings
  return { kind: 'postgres', url: await readSecret(settings.url, "the store's address") }
}

async function runMirror(mirror: MirrorSettings, state: string): Promise<AsyncDisposable> {
  const folder = join(state, 'mirror')
  await makeFolders(folder, 0o700)
  const running = await startMirror({
    name: mirror.name,
    confFile: mirror.conf,
    http: mirror.http,
    ssh: mirror.ssh,
    hostKeyFile: join(folder, 'ssh_host_ed25519_key'),
    masters: mirror.masters,
    deleteShareMax: mirror.deleteShareMax,
    rebuild: mirror.rebuild,
    onEvent: (line) => say(`${mirror.name}: ${line}`),
  })
  const { http, ssh } = running
  say(`${mirror.name}: mirror, http://${http.host}:${http.port}/, ssh ${ssh.host}:${ssh.port}`)
  say(`${mirror.name}: host key, for the masters' settings: ${ssh.hostKey}`)
  return running
}

async function runMaster(
  master: MasterSettings,
  { zone, state }: Settings,
  store: Store,
): Promise<AsyncDisposable> {
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
