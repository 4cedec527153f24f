import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { parseClientsyncConf } from '#formats/clientsync-conf/index.ts'
import type { Settings } from '#formats/cvdnet-toml/index.ts'
import { isPlainValue, printSystemdUnit } from '#formats/systemd-unit/index.ts'
import { type Account, findAccount } from '#roles/mirror/index.ts'
import { CommandEnd, complain, EXIT, ended } from '../../io.ts'

const PROGRAM = resolve(import.meta.dirname, '..', '..', 'cvdnet.ts')
const LOW_PORT_MAX = 1023

/** A unit of systemd for the node of these settings, run by `user`. Throws `CommandEnd`. */
export async function unitOf(settings: Settings, config: string, user: string): Promise<string> {
  const account = await findAccount(user)
  if (account === undefined) throw new CommandEnd(EXIT.refused, `there is no account "${user}"`)
  const roles = (['master', 'mirror', 'monitor', 'dns'] as const).filter((role) => settings[role])
  const service = {
    description: `cvdnet of ${settings.zone}: ${roles.join(', ')}`,
    program: [process.execPath, PROGRAM],
    config: resolve(config),
    user,
    writes: await foldersOf(settings, account),
    lowPorts: portsOf(settings).some((port) => port > 0 && port <= LOW_PORT_MAX),
  }
  const odd = [...service.program, service.config, user, ...service.writes].find(
    (value) => !isPlainValue(value),
  )
  if (odd !== undefined) {
    throw new CommandEnd(EXIT.refused, `"${odd}" has characters that mean something to systemd`)
  }
  for (const folder of service.writes.filter((one) => !existsSync(one))) {
    complain(`"${folder}" is not there yet: install -d -o ${user} -m 700 "${folder}"`)
  }
  return printSystemdUnit(service)
}

/** Where it writes, those inside of others left out. */
async function foldersOf(settings: Settings, account: Account): Promise<readonly string[]> {
  const { state, store, mirror } = settings
  const log = mirror?.http.accessLog
  const all = [
    state,
    ...(store.kind === 'sqlite' ? [dirname(store.path)] : []),
    ...(log === undefined ? [] : [dirname(log)]),
    ...(mirror === undefined ? [] : await foldersOfMirror(mirror.conf, account)),
  ]
  const isInside = (folder: string) =>
    all.some((other) => folder !== other && folder.startsWith(`${other}${sep}`))
  return [...new Set(all)].filter((folder) => !isInside(folder))
}

async function foldersOfMirror(file: string, { home }: Account): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw ended(EXIT.world, `Cannot read "${file}"`, cause)
  })
  const conf = parseClientsyncConf(text, { home })
  if (!conf.ok) throw new CommandEnd(EXIT.refused, `"${file}" has faults; "cvdnet run" tells them`)
  const { to, state = join(home, 'clam-clientsync.state') } = conf.value
  return [to, state]
}

function portsOf({ master, mirror, dns, metrics }: Settings): readonly number[] {
  const listened = [master?.ssh, master?.rsync, mirror?.ssh, mirror?.http, mirror?.https, dns]
  return [...listened, metrics].flatMap((one) => (one === undefined ? [] : [one.port]))
}
