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
import { layout, newPassword } from './layout.ts'

export const MODULE = 'clamavdb'
export const MASTER = 'rsync1'
export const MASTER_HOST = '127.0.0.1'
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
  ports: { readonly http: number; readonly ssh: number; readonly rsync: number },
): Promise<readonly PlannedMirror[]> {
  const planned: PlannedMirror[] = []
  for (let number = 1; number <= count; number += 1) {
    planned.push(await planMirror(folder, number, ports))
  }
  return planned
}

async function planMirror(
  folder: string,
  number: number,
  ports: { readonly http: number; readonly ssh: number; readonly rsync: number },
): Promise<PlannedMirror> {
  const name = `mirror${number}`
  const at = layout(folder).mirror(name)
  const [country, region] = PLACES[(number - 1) % PLACES.length] ?? PLACES[0]
  const login = { user: name, password: newPassword() }
  for (const place of [dirname(at.conf), at.docroot, at.state]) {
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
    masters: new Map([[MASTER, { host: MASTER_HOST, port: ports.rsync }]]),
    rsyncPort: ports.rsync,
    tufRoot: at.tufRoot,
    publisherKeys: [at.publisherKeys],
    state: at.state,
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
    account: 'clamavdb',
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

/** The key that a mirror knows its master by. */
export async function masterTriggerKey(folder: string): Promise<string> {
  const state = layout(folder).master(MASTER)
  await mkdir(state, { recursive: true, mode: 0o700 })
  return (await loadOrMakeKey(masterFiles(state).triggerKey, MASTER)).publicKey
}
