import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolders } from '#adapters/disk/index.ts'
import { loadOrMakeKey } from '#adapters/ssh/index.ts'
import { makeNetworkKeys } from '#adapters/tuf/index.ts'
import { epochMs } from '#base/time.ts'
import type {
  MasterSettings,
  MirrorEntry,
  MirrorSettings,
  SecretPlace,
  Settings,
} from '#formats/cvdnet-toml/index.ts'
import { describeKeyFault, type PublisherKeys, parsePublisherKeys } from '#formats/dsig/index.ts'
import { type MasterMirror, masterFiles, startMaster } from '#roles/master/index.ts'
import { startMirror } from '#roles/mirror/index.ts'
import { CommandEnd, EXIT, ended, say } from '../../io.ts'

export async function startRoles(settings: Settings): Promise<AsyncDisposable> {
  await using starting = new AsyncDisposableStack()
  if (settings.mirror !== undefined) {
    starting.use(await runMirror(settings.mirror, settings.state))
  }
  if (settings.master !== undefined) {
    starting.use(await runMaster(settings.master, settings))
  }
  return starting.move()
}

async function runMirror(mirror: MirrorSettings, state: string): Promise<AsyncDisposable> {
  const folder = join(state, 'mirror')
  await makeFolders(folder, 0o700)
  const running = await startMirror({
    name: mirror.name,
    confFile: mirror.conf,
    http: mirror.http,
    https: mirror.https,
    statistics: mirror.statistics && {
      ...mirror.statistics,
      password: await readSecret(mirror.statistics.password),
    },
    ssh: mirror.ssh,
    hostKeyFile: join(folder, 'ssh_host_ed25519_key'),
    masters: mirror.masters,
    deleteShareMax: mirror.deleteShareMax,
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
  { zone, state }: Settings,
): Promise<AsyncDisposable> {
  const folder = join(state, 'master')
  await makeFolders(folder, 0o700)
  if ((await stat(join(master.networkKeys, 'root.json')).catch(() => undefined)) === undefined) {
    await makeNetworkKeys(master.networkKeys, epochMs(Date.now()))
    say(`${master.name}: made the network's keys in "${master.networkKeys}"`)
    say(`${master.name}: keep tuf-root.pem somewhere else; root.json goes into every mirror's kit`)
  }
  const { name, publisherKeys, mirrors, ...rest } = master
  const running = await startMaster({
    ...rest,
    name,
    zone,
    state: folder,
    publishers: await Promise.all(publisherKeys.map(readPublisherKeys)),
    mirrors: await Promise.all(mirrors.map(readMirror)),
    onEvent: (line) => say(`${name}: ${line}`),
  })
  const { publicKey } = await loadOrMakeKey(masterFiles(folder).triggerKey, name)
  const { ssh, rsync } = running
  say(`${name}: master, ssh ${ssh.host}:${ssh.port}, rsync ${rsync.host}:${rsync.port}`)
  say(`${name}: host key, for sigmakers: ${ssh.hostKey}`)
  say(`${name}: calls mirrors with this key, for their settings: ${publicKey}`)
  return running
}

async function readPublisherKeys(file: string): Promise<PublisherKeys> {
  const keys = parsePublisherKeys(await mustRead(file))
  if (keys.ok) return keys.value
  throw new CommandEnd(EXIT.usage, `"${file}" holds no keys: ${describeKeyFault(keys.fault)}`)
}

async function readMirror(entry: MirrorEntry): Promise<MasterMirror> {
  const { account, rsyncLogin, ...rest } = entry
  const password = await readSecret(rsyncLogin.password)
  return { ...rest, user: account, rsyncLogin: { user: rsyncLogin.user, password } }
}

async function readSecret(place: SecretPlace): Promise<string> {
  const text = place.kind === 'file' ? await mustRead(place.path) : (process.env[place.name] ?? '')
  const secret = text.trim()
  if (secret !== '') return secret
  const where = place.kind === 'file' ? `"${place.path}" is empty` : `${place.name} is not set`
  throw new CommandEnd(EXIT.usage, `Cannot use a password: ${where}`)
}

async function mustRead(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    throw ended(EXIT.world, `Cannot read "${file}"`, cause)
  })
}
