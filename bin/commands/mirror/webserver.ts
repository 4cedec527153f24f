import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Argument, type Command } from 'commander'
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
import { readSettings } from '../run/roles.ts'

interface Options {
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

/**
 * `cvdnet mirror webserver nginx|apache|lighttpd|caddy`: a complete configuration on standard output, and for the
 * analysers of old theirs (R42–R46, R77–R82). 2: values are missing or cannot stand in such a file.
 */
export function addWebserverCommand(mirror: Command): void {
  mirror
    .command('webserver')
    .description("print a web server's configuration for this mirror, or a log analyser's")
    .addArgument(new Argument('<server>').choices([...WEB_SERVERS, ...ANALYSERS]))
    .option('--config <file>', 'take zone, names and document root from this cvdnet.toml')
    .option('--zone <domain>', 'the network: clients ask database.ZONE and db.*.ZONE')
    .option('--root <folder>', 'document root: TO of clam-clientsync.conf')
    .option('--name <host>', 'another name of this mirror; may be given again', collect, [])
    .option('--port <number>', 'port to listen on', '80')
    .option('--log <file>', 'access log; default below /var/log')
    .option('--certificate <file>', 'serve HTTPS as well, with this chain')
    .option('--key <file>', 'and this private key')
    .option('--https-port <number>', 'on this port', '443')
    .option('--passwords <file>', 'htpasswd file for /local_stats/')
    .option('--statistics-from <host:port>', 'where cvdnet run serves /local_stats/')
    .option('--slow', '40 kB/s a connection for databases, 400 kB/s for patches')
    .action(async (server: WebServer | Analyser, options: Options) => {
      process.stdout.write(await webserver(server, options))
    })
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

async function webserver(server: WebServer | Analyser, options: Options): Promise<string> {
  const site = await siteOf(server, options)
  const analyser = ANALYSERS.find((one) => one === server)
  if (analyser !== undefined) return printAnalyserConf(analyser, site)
  const conf = printWebServerConf(server as WebServer, site)
  if (conf.ok) return conf.value
  const why = 'has a quotation mark, a brace, "$", ";" or a control character'
  throw new CommandEnd(
    EXIT.usage,
    `Cannot write "${conf.fault.value}" into a configuration: it ${why}`,
  )
}

async function siteOf(server: WebServer | Analyser, options: Options): Promise<Site> {
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
