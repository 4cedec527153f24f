import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'smol-toml'
import { writeFileAtomic } from '#adapters/disk/index.ts'
import { printSize } from '#base/quantity.ts'
import { layout } from './layout.ts'
import { type NetworkPlan, ZONE } from './network.ts'
import type { DemoNode } from './node-process.ts'
import {
  type MasterPlace,
  MODULE,
  type PlannedMirror,
  PRETENDED_PLACES,
  UPLOAD_LIMITS,
} from './parts.ts'

const WATCH = 'watch'

export interface WatchPlaces {
  readonly dns: { readonly host: string; readonly port: number }
  readonly mailPort: number
}

/** Settings of every node of the demo, as an operator would write them: mirrors, masters, and the monitor. */
export async function writeNodes(
  plan: NetworkPlan,
  watch: WatchPlaces,
): Promise<readonly DemoNode[]> {
  const nodes: DemoNode[] = []
  for (const mirror of plan.mirrors) nodes.push(await writeMirror(plan, mirror))
  for (const master of plan.masters) nodes.push(await writeMaster(plan, master))
  const last = await writeNode(plan, WATCH, watchSettings(plan, watch), [watch.dns])
  return [...nodes, last]
}

async function writeNode(
  { folder }: NetworkPlan,
  name: string,
  settings: Readonly<Record<string, unknown>>,
  listens: DemoNode['listens'],
): Promise<DemoNode> {
  const { state, config, log } = layout(folder).node(name)
  await mkdir(state, { recursive: true, mode: 0o700 })
  await writeFileAtomic(config, stringify({ zone: ZONE, state, ...settings }))
  return { name, config, log, listens }
}

function storeOf(folder: string) {
  return { kind: 'sqlite', path: layout(folder).store }
}

async function writeMaster(plan: NetworkPlan, master: MasterPlace): Promise<DemoNode> {
  const { folder, keys } = plan
  const { name, host, sshPort, rsyncPort } = master
  const at = layout(folder)
  const settings = {
    store: storeOf(folder),
    master: {
      name,
      address: host,
      module: MODULE,
      network_keys: at.networkKeys,
      ssh: { host, port: sshPort },
      rsync: { host, port: rsyncPort },
      upload: {
        file_max: printSize(UPLOAD_LIMITS.fileBytesMax),
        folder_max: printSize(UPLOAD_LIMITS.folderBytesMax),
        files_max: UPLOAD_LIMITS.filesMax,
      },
      push: { parallel: 32, retries: 8, retry_base: '1s' },
      publishers: [{ name: 'demo', keys: at.publisherKeys, secrets: at.publisherSecrets }],
      sigmakers: [{ name: 'sigmaker', key: keys.sigmaker.publicKey, databases: '*' }],
    },
  }
  const listens = [sshPort, rsyncPort].map((port) => ({ host, port }))
  return await writeNode(plan, name, settings, listens)
}

async function writeMirror(
  plan: NetworkPlan,
  { record: { name, host, httpPort, sshPort }, conf }: PlannedMirror,
): Promise<DemoNode> {
  const settings = {
    mirror: {
      name,
      conf,
      ssh: { host, port: sshPort },
      http: { host, port: httpPort },
      masters: plan.masters.map((master) => ({ name: master.name, key: master.triggerKey })),
    },
  }
  const listens = [sshPort, httpPort].map((port) => ({ host, port }))
  return await writeNode(plan, name, settings, listens)
}

/** Monitor, letters and names. Rounds of a minute, so that whoever kills a mirror sees it noticed. */
function watchSettings({ folder, masters }: NetworkPlan, { dns, mailPort }: WatchPlaces) {
  const list = (name: string) => `${name}@lists.${ZONE}`
  const [first] = masters
  return {
    store: storeOf(folder),
    monitor: {
      round: '1m',
      confirm: '5s',
      ...(first === undefined ? {} : { tree: join(layout(folder).master(first.name), 'current') }),
    },
    dns: {
      hosts: [dns.host],
      port: dns.port,
      name_servers: [{ name: 'ns1', addresses: [dns.host] }],
      masters: masters.map(({ name, host }) => ({ name, addresses: [host] })),
      overrides: PRETENDED_PLACES.map(([prefix, country]) => ({ prefix, country })),
    },
    mail: {
      from: `cvdnet@${ZONE}`,
      host: '127.0.0.1',
      port: mailPort,
      virusdb: list('clamav-virusdb'),
      mirrors: list('clamav-mirrors'),
      team: list('clamav-team'),
      patience: '10s',
      calm: '1m',
    },
  }
}
