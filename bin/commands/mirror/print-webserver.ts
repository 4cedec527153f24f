import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { describeClientsyncConfFault, parseClientsyncConf } from '#formats/clientsync-conf/index.ts'
import type { Settings } from '#formats/cvdnet-toml/index.ts'
import {
  ANALYSERS,
  type Analyser,
  printAnalyserConf,
  printWebServerConf,
  type Site,
  WEB_SERVERS,
  type WebServer,
} from '#formats/web-server-conf/index.ts'
import { CommandEnd, EXIT, ended } from '../../io.ts'
import { readSettings } from '../run/settings.ts'

export interface WebserverOptions {
  readonly config?: string
  readonly zone?: string
  readonly root?: string
  readonly port: string
  readonly name: readonly string[]
  readonly log?: string
  readonly certificate?: string
  readonly key?: string
  readonly httpsPort: string
  readonly passwords?: string
  readonly statisticsFrom?: string
  readonly slow?: boolean
}

/** What ClamAV's page on private mirrors asks of big ones, in bytes a second for one connection. */
const SLOW = { databaseSpeed: 40_000, patchSpeed: 400_000 }
const NOT_SLOW = { databaseSpeed: undefined, patchSpeed: undefined }

export async function webserver(
  server: WebServer | Analyser,
  options: WebserverOptions,
): Promise<string> {
  const site = await siteOf(server, options)
  const analyser = ANALYSERS.find((one) => one === server)
  const kind = WEB_SERVERS.find((one) => one === server)
  if (analyser !== undefined) return printAnalyserConf(analyser, site)
  if (kind === undefined) throw new CommandEnd(EXIT.usage, `Cannot print for "${server}"`)
  const conf = printWebServerConf(kind, site)
  if (conf.ok) return conf.value
  const why = 'has a quotation mark, a brace, "$", ";" or a control character'
  throw new CommandEnd(
    EXIT.usage,
    `Cannot write "${conf.fault.value}" into a configuration: it ${why}`,
  )
}

async function siteOf(server: WebServer | Analyser, options: WebserverOptions): Promise<Site> {
  const settings = options.config === undefined ? undefined : await readSettings(options.config)
  const zone = options.zone ?? settings?.zone
  const root = options.root ?? (await rootOf(settings))
  if (zone === undefined || root === undefined) {
    throw new CommandEnd(
      EXIT.usage,
      'Cannot do without --zone and --root, or --config with [mirror]',
    )
  }
  const { certificate, key } = options
  if ((certificate === undefined) !== (key === undefined)) {
    throw new CommandEnd(EXIT.usage, 'Cannot do with one of --certificate and --key alone')
  }
  const port = portOf(options.httpsPort, '--https-port')
  return {
    zone,
    root: resolve(root),
    names: [...(settings?.mirror?.names ?? []), ...options.name],
    port: portOf(options.port, '--port'),
    tls:
      certificate === undefined || key === undefined
        ? undefined
        : { certificate: resolve(certificate), key: resolve(key), port },
    accessLog: options.log ?? `/var/log/${LOG_FOLDERS[server]}/mirror-access.log`,
    passwords: options.passwords && resolve(options.passwords),
    statisticsFrom: options.statisticsFrom,
    ...(options.slow === true ? SLOW : NOT_SLOW),
  }
}

const LOG_FOLDERS = {
  nginx: 'nginx',
  apache: 'apache2',
  lighttpd: 'lighttpd',
  caddy: 'caddy',
  webalizer: 'nginx',
  awstats: 'nginx',
} as const satisfies Record<WebServer | Analyser, string>

/** `TO` of the mirror's conf. */
async function rootOf(settings: Settings | undefined): Promise<string | undefined> {
  const file = settings?.mirror?.conf
  if (file === undefined) return undefined
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw ended(EXIT.world, `Cannot read "${file}"`, cause)
  })
  // The conf lies in ~clamavdb/etc/, whoever asks.
  const conf = parseClientsyncConf(text, { home: dirname(dirname(file)) })
  if (conf.ok) return conf.value.to
  const [fault] = conf.fault
  const words = fault === undefined ? '' : `: ${describeClientsyncConfFault(fault)}`
  throw new CommandEnd(EXIT.usage, `Cannot use "${file}"${words}`)
}

function portOf(text: string, option: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new CommandEnd(EXIT.usage, `Cannot use "${text}" for ${option}: it wants a port`)
}
