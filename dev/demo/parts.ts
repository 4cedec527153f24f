import { copyFile, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeFileAtomic } from '#adapters/disk/index.ts'
import { loadOrMakeKey } from '#adapters/ssh/index.ts'
import { epochMs } from '#base/time.ts'
import type { MirrorRecord } from '#core/mirrors/index.ts'
import { printClientsyncConf } from '#formats/clientsync-conf/index.ts'
import type { UploadLimits } from '#ports/ssh-door.ts'
import type { Store } from '#ports/store.ts'
import { masterFiles } from '#roles/master/index.ts'

import { SYNC_USER } from '#roles/mirror/index.ts'

import { freePort, layout, newPassword } from './layout.ts'

export const MODULE = 'clamavdb'
const MIB = 1024 * 1024

/** Twice today's main.cvd; a demo on a laptop should not fill its disk. */
export const UPLOAD_LIMITS: UploadLimits = {
  fileBytesMax: 512 * MIB,
  folderBytesMax: 1024 * MIB,
  filesMax: 200,
}

/** Where the demo pretends its mirrors are. */
const PLACES = [
  ['DE', 'europe'],
  ['US', 'america'],
  ['JP', 'asia'],
  ['ZA', 'other'],
] as const

/** `dig -b 127.0.20.1` asks from America: loopback is nowhere by itself. */
export const PRETENDED_PLACES = [
  ['127.0.10.0/24', 'DE'],
  ['127.0.20.0/24', 'US'],
  ['127.0.30.0/24', 'JP'],
  ['127.0.40.0/24', 'ZA'],
] as const

/** A mirror before it runs: everything that its operator and the masters have agreed on. */
export interface PlannedMirror {
  readonly record: MirrorRecord
  readonly login: { readonly user: string; readonly password: string }
  readonly conf: string
  readonly docroot: string
}

/** Writes each mirror's kit: configuration with login and password (0600), the network's root, publishers' keys. */
export async function planMirrors(
  folder: string,
  count: number,
  masters: readonly MasterPlace[],
  ports: { readonly http: number; readonly ssh: number },
  account = SYNC_USER,
): Promise<readonly PlannedMirror[]> {
  const planned: PlannedMirror[] = []
  for (let number = 1; number <= count; number += 1) {
    planned.push(await planMirror(folder, number, masters, ports, account))
  }
  return planned
}

async function planMirror(
  folder: string,
  number: number,
  masters: readonly MasterPlace[],
  ports: { readonly http: number; readonly ssh: number },
  account: string,
): Promise<PlannedMirror> {
  const name = `mirror${number}`
  const at = layout(folder).mirror(name)
  const [country, region] = PLACES[(number - 1) % PLACES.length] ?? PLACES[0]
  const login = { user: name, password: newPassword() }
  for (const place of [dirname(at.conf), dirname(at.hostKey), at.docroot, at.state]) {
    await mkdir(place, { recursive: true })
  }
  await copyFile(join(layout(folder).networkKeys, 'root.json'), at.tufRoot)
  await copyFile(layout(folder).publisherKeys, at.publisherKeys)
  const conf = printClientsyncConf({
    to: at.docroot,
    rsyncUser: login.user,
    rsyncPassword: login.password,
    exclude: ['local_*'],
    module: MODULE,
    masters: new Map(masters.map(({ name, host, rsyncPort: port }) => [name, { host, port }])),
    rsyncPort: masters[0]?.rsyncPort ?? 0,
    upstream: [],
    proxy: undefined,
    tufRoot: at.tufRoot,
    publisherKeys: [at.publisherKeys],
    state: at.state,
    bandwidthKib: undefined,
    others: new Map(),
  })
  await writeFileAtomic(at.conf, conf, { mode: 0o600 })
  const host = `127.0.1.${number}`
  const record: MirrorRecord = {
    name,
    stage: 'listed',
    stageSince: epochMs(Date.now()),
    stageReason: 'a mirror of the demo',
    host,
    addresses: [host],
    httpPort: ports.http,
    sshPort: ports.ssh,
    account,
    hostKey: (await loadOrMakeKey(at.hostKey, name)).publicKey,
    aliases: [],
    country,
    region,
    bandwidthMbit: 100,
    admin: undefined,
    rsyncLogin: login,
    downtimes: [],
    push: { bandwidthKbit: undefined, window: undefined },
  }
  return { record, login, conf: at.conf, docroot: at.docroot }
}

/** Its ports and passwords are new at each start: what the registry holds from an earlier one is replaced. */
export async function registerMirrors(
  { registry }: Store,
  planned: readonly PlannedMirror[],
): Promise<void> {
  const names = new Set(planned.map(({ record }) => record.name))
  const known = new Map((await registry.mirrors.list()).map((one) => [one.name, one.revision]))
  for (const [name, revision] of known) {
    if (!names.has(name)) await registry.mirrors.remove(name, revision)
  }
  await registry.mirrors.putAll(
    planned.map(({ record }) => ({
      name: record.name,
      value: record,
      over: known.get(record.name),
    })),
  )
}

/** Where a master of the demo will listen, and the key that mirrors know it by. */
export interface MasterPlace {
  readonly name: string
  readonly host: string
  readonly sshPort: number
  readonly rsyncPort: number
  readonly hostKey: string
  readonly triggerKey: string
}

/** `rsync1` at 127.0.0.1, `rsync2` at 127.0.0.2, and so on, with ports that are free now. */
export async function placeMasters(folder: string, count: number): Promise<readonly MasterPlace[]> {
  const places: MasterPlace[] = []
  for (let number = 1; number <= count; number += 1) {
    const name = `rsync${number}`
    const host = `127.0.0.${number}`
    const state = layout(folder).master(name)
    await mkdir(state, { recursive: true, mode: 0o700 })
    const { publicKey: triggerKey } = await loadOrMakeKey(masterFiles(state).triggerKey, name)
    const { publicKey: hostKey } = await loadOrMakeKey(masterFiles(state).hostKey, name)
    const [sshPort, rsyncPort] = [await freePort([host]), await freePort([host])]
    places.push({ name, host, sshPort, rsyncPort, hostKey, triggerKey })
  }
  return places
}
