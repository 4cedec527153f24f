import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolders } from '#adapters/disk/index.ts'
import { loadOrMakeKey } from '#adapters/ssh/index.ts'
import { makeNetworkKeys } from '#adapters/tuf/index.ts'
import { epochMs } from '#base/time.ts'
import type { MasterSettings, UpstreamSettings } from '#formats/cvdnet-toml/index.ts'
import {
  type Master,
  type MasterOptions,
  masterFiles,
  startMaster,
  type UpstreamOptions,
} from '#roles/master/index.ts'
import manifest from '../../../package.json' with { type: 'json' }
import { CommandEnd, EXIT, say } from '../../io.ts'
import { engineFacts } from './dns.ts'
import { treeMetrics } from './metrics.ts'
import { readPublisher } from './publishers.ts'
import { mirrorRecord, sigmakerRecord } from './registry.ts'
import type { Prepared, Role, RunningRole } from './role.ts'
import { readSecret } from './secrets.ts'
import { openStoreOf, storePlace } from './store.ts'

export const MASTER_ROLE: Role = {
  name: 'master',
  wanted: ({ master, zone, state, updateRecord, store }) =>
    master && { master, zone, state, updateRecord, store },
  prepare: async (settings): Promise<Prepared> => {
    const { master, zone, state, updateRecord } = settings
    if (master === undefined) throw new Error('there is no [master]')
    const { name, publishers, sigmakers, mirrors, upstream, ...rest } = master
    const now = epochMs(Date.now())
    const options = {
      ...rest,
      name,
      zone,
      engine: engineFacts(updateRecord),
      state: join(state, 'master'),
      publishers: await Promise.all(publishers.map(readPublisher)),
      sigmakers: sigmakers.map(sigmakerRecord),
      mirrors: await Promise.all(mirrors.map((entry) => mirrorRecord(entry, now))),
      upstream: upstream && (await upstreamOptions(upstream)),
      onEvent: (line: string) => say(`${name}: ${line}`),
    }
    await mindLostKeys(options)
    const place = await storePlace(settings.store)
    return {
      madeOf: [
        options.publishers,
        options.mirrors.map(({ rsyncLogin }) => rsyncLogin),
        options.upstream?.proxy,
        place,
      ],
      begin: async () => {
        await using starting = new AsyncDisposableStack()
        const store = starting.use(await openStoreOf(settings, place))
        const running = starting.use(await runMaster({ ...options, store }))
        const owned = starting.move()
        return {
          metrics: treeMetrics('master', name, () => publishedBy(running)),
          underWay: () => running.underWay(),
          [Symbol.asyncDispose]: () => owned.disposeAsync(),
        } satisfies RunningRole
      },
    }
  },
}

async function upstreamOptions(settings: UpstreamSettings): Promise<UpstreamOptions> {
  const { proxy, ...rest } = settings
  const { version } = manifest
  if (proxy === undefined) return { ...rest, version, proxy }
  const { host: server, port, login } = proxy
  const password = login && (await readSecret(login.password, "the upstream proxy's password"))
  return { ...rest, version, proxy: { server, port, user: login?.user, password } }
}

function publishedBy(master: Master) {
  const tree = master.published()
  return tree && { serial: tree.release.serial, generation: tree.generation }
}

async function runMaster(options: MasterOptions): Promise<Master> {
  const { name, state } = options
  await makeFolders(state, 0o700)
  await mindNetworkKeys(options)
  const running = await startMaster(options)
  const { publicKey } = await loadOrMakeKey(masterFiles(state).triggerKey, name)
  const { ssh, rsync } = running
  say(`${name}: master, ssh ${ssh.host}:${ssh.port}, rsync ${rsync.host}:${rsync.port}`)
  say(`${name}: host key, for sigmakers: ${ssh.hostKey}`)
  say(`${name}: calls mirrors with this key, for their settings: ${publicKey}`)
  return running
}

/** Keys are made for a new master only. Where one has published, a folder without any is the wrong one, or not mounted. */
async function mindLostKeys({
  state,
  networkKeys,
}: Pick<MasterOptions, 'state' | 'networkKeys'>): Promise<void> {
  if (!(await isThere(join(state, 'current'))) || (await isThere(rootOf(networkKeys)))) return
  throw new CommandEnd(
    EXIT.world,
    `Cannot find "${rootOf(networkKeys)}": mirrors believe no other keys than those that this master published with`,
  )
}

function rootOf(networkKeys: string): string {
  return join(networkKeys, 'root.json')
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

async function mindNetworkKeys({
  name,
  networkKeys,
}: Pick<MasterSettings, 'name' | 'networkKeys'>): Promise<void> {
  if (await isThere(rootOf(networkKeys))) return
  await makeNetworkKeys(networkKeys, epochMs(Date.now()))
  say(`${name}: made the network's keys in "${networkKeys}"`)
  say(`${name}: keep tuf-root.pem somewhere else; root.json goes into every mirror's kit`)
}
