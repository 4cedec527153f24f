import { join } from 'node:path'
import { makeFolders } from '#adapters/disk/index.ts'
import type { MirrorSettings, Settings } from '#formats/cvdnet-toml/index.ts'
import { type MirrorOptions, startMirror } from '#roles/mirror/index.ts'
import { CommandEnd, EXIT, say } from '../../io.ts'
import { treeMetrics } from './metrics.ts'
import type { Prepared, Role, RunningRole } from './role.ts'
import { mustRead, readSecret } from './secrets.ts'

export const MIRROR_ROLE: Role = {
  name: 'mirror',
  wanted: ({ mirror, state }) => mirror && { mirror, state },
  prepare: async (settings): Promise<Prepared> => {
    const options = await optionsOf(settings)
    return {
      madeOf: { statistics: options.statistics, clients: options.clients },
      begin: () => runMirror(options, join(settings.state, 'mirror')),
    }
  },
}

async function optionsOf(settings: Settings): Promise<MirrorOptions> {
  const { mirror, state } = settings
  if (mirror === undefined) throw new Error('there is no [mirror]')
  const { name, conf, http, https, ssh, masters, pullEveryMs, deleteShareMax, rebuild } = mirror
  return {
    name,
    confFile: conf,
    http,
    https,
    statistics: await statisticsOf(mirror),
    clients: await clientsOf(mirror),
    ssh,
    hostKeyFile: join(state, 'mirror', 'ssh_host_ed25519_key'),
    masters,
    pullEveryMs,
    deleteShareMax,
    rebuild,
    onEvent: (line) => say(`${name}: ${line}`),
  }
}

async function statisticsOf({ statistics }: MirrorSettings): Promise<MirrorOptions['statistics']> {
  if (statistics === undefined) return undefined
  const password = await readSecret(statistics.password, 'the password of the statistics')
  return { ...statistics, password }
}

/** Faults name lines and tell nothing of what is in them. */
async function clientsOf({
  http: { clientsFile },
}: MirrorSettings): Promise<MirrorOptions['clients']> {
  if (clientsFile === undefined) return undefined
  const text = await mustRead(clientsFile)
  const clients = text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return []
    const cut = line.indexOf(':')
    if (cut > 0 && cut < line.length - 1) {
      return [{ name: line.slice(0, cut), password: line.slice(cut + 1) }]
    }
    const wrong = `"${clientsFile}" line ${index + 1} is not name:password`
    throw new CommandEnd(EXIT.usage, `Cannot use the clients: ${wrong}`)
  })
  if (clients.length > 0) return clients
  throw new CommandEnd(EXIT.usage, `Cannot use the clients: "${clientsFile}" names nobody`)
}

async function runMirror(options: MirrorOptions, folder: string): Promise<RunningRole> {
  await makeFolders(folder, 0o700)
  const mirror = await startMirror(options)
  const { name } = options
  const tellPlaces = () => {
    const { http, https, ssh } = mirror
    const web = `http://${bracketed(http.host)}:${http.port}/`
    say(`${name}: mirror, ${web}${ssh ? `, ssh ${ssh.host}:${ssh.port}` : ''}`)
    if (https) say(`${name}: https://${bracketed(https.host)}:${https.port}/`)
  }
  tellPlaces()
  if (mirror.ssh) say(`${name}: host key, for the masters' settings: ${mirror.ssh.hostKey}`)
  return {
    metrics: treeMetrics('mirror', name, () => mirror.served()),
    change: async (settings) => {
      const changes = await mirror.change(await optionsOf(settings))
      if (changes?.done.some((part) => MOVES.has(part))) tellPlaces()
      return changes
    },
    [Symbol.asyncDispose]: () => mirror[Symbol.asyncDispose](),
  }
}

/** Parts whose addresses somebody has to be told. */
const MOVES = new Set(['http address', 'https', 'ssh address'])

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
