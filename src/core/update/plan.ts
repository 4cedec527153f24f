/** What a `freshclam.conf` asks of a client. */

import { isHost } from '#base/host.ts'
import { parseIpAddress } from '#base/ip-address.ts'
import type { DbName } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import {
  boolOf,
  describeNoServer,
  type FreshclamConf,
  numberOf,
  type OptionName,
  type Servers,
  serversOf,
  textOf,
  textsOf,
} from '#formats/freshclam-conf/index.ts'
import { withoutLogin } from './place-name.ts'
import { wantedDatabases } from './wanted.ts'

export interface ClientPlan {
  readonly directory: string
  /** Whom root becomes for the work. */
  readonly owner: string
  readonly servers: Exclude<Servers, { readonly kind: 'none' }>
  readonly databases: readonly DbName[]
  readonly customUrls: readonly URL[]
  readonly attemptsMax: number
  readonly connectMsMax: number
  readonly silentMsMax: number
  /** Absent: our own name. */
  readonly agent: string | undefined
  readonly proxy: ProxyPlan | undefined
  readonly localAddress: string | undefined
  readonly testDatabases: boolean
  /** By which an engine from 1.5 on checks `.sign` files. */
  readonly certificates: string | undefined
  /** A `clamd.conf`. */
  readonly notifyClamd: string | undefined
  readonly onUpdate: string | undefined
  readonly onError: string | undefined
  readonly onOutdated: string | undefined
  readonly checksADay: number
  readonly logFile: string | undefined
  readonly pidFile: string | undefined
}

export interface ProxyPlan {
  readonly server: string
  readonly port: number
  readonly user: string | undefined
  readonly password: string | undefined
}

/** Where Debian's packages keep it. */
const DIRECTORY_DEFAULT = '/var/lib/clamav'
/** As freshclam takes it, where no port is given. */
const PROXY_PORT_DEFAULT = 8080
/** Beyond it freshclam refuses to ask; fifty are for those without a record (formats.md 5.2). */
const CHECKS_MAX = 50
/** What freshclam does with these, we do not; whoever has set them is told. */
const NOT_FOLLOWED: readonly OptionName[] = ['CompressLocalDatabase', 'LogFacility', 'LogSyslog']

/** Fails with every fault, a line each. */
export function clientPlan(conf: FreshclamConf): Outcome<ClientPlan, readonly string[]> {
  const faults: string[] = []
  const servers = serversOf(conf)
  if (servers.kind === 'none') faults.push(describeNoServer(servers.reason))
  const urls = servers.kind === 'none' ? [] : servers.urls
  for (const url of urls)
    if (!isWeb(url)) faults.push(`"${withoutLogin(url)}" is no address of a web server`)
  const custom = textsOf(conf, 'DatabaseCustomURL').map((text) => [text, urlOf(text)] as const)
  for (const [text, url] of custom) {
    const reason = url === undefined ? 'is no address' : reasonAgainst(url)
    if (reason !== undefined) faults.push(`DatabaseCustomURL "${withoutLogin(text)}" ${reason}`)
  }
  const proxy = proxyOf(conf)
  const localAddress = textOf(conf, 'LocalIPAddress')
  faults.push(...lineFaults(proxy, localAddress))
  const checksADay = numberOf(conf, 'Checks') ?? 0
  if (checksADay > CHECKS_MAX) faults.push(`Checks is ${checksADay}, above ${CHECKS_MAX}`)
  if (faults.length > 0 || servers.kind === 'none') return fail(faults)
  const seconds = (name: 'ConnectTimeout' | 'ReceiveTimeout') => (numberOf(conf, name) ?? 0) * 1000
  return ok({
    directory: textOf(conf, 'DatabaseDirectory') ?? DIRECTORY_DEFAULT,
    owner: textOf(conf, 'DatabaseOwner') ?? '',
    servers,
    databases: wantedDatabases(conf),
    customUrls: custom.flatMap(([, url]) => url ?? []),
    attemptsMax: Math.max(1, numberOf(conf, 'MaxAttempts') ?? 1),
    connectMsMax: seconds('ConnectTimeout'),
    silentMsMax: seconds('ReceiveTimeout'),
    agent: textOf(conf, 'HTTPUserAgent'),
    proxy,
    localAddress,
    testDatabases: boolOf(conf, 'TestDatabases'),
    certificates: textOf(conf, 'CVDCertsDirectory'),
    notifyClamd: textOf(conf, 'NotifyClamd'),
    onUpdate: textOf(conf, 'OnUpdateExecute'),
    onError: textOf(conf, 'OnErrorExecute'),
    onOutdated: textOf(conf, 'OnOutdatedExecute'),
    checksADay,
    logFile: textOf(conf, 'UpdateLogFile'),
    pidFile: textOf(conf, 'PidFile'),
  })
}

/** Options that are set and that this client does not follow. */
export function notFollowed({ lines }: FreshclamConf): readonly string[] {
  const given = new Set(lines.flatMap((line) => (line.kind === 'option' ? [line.name] : [])))
  return NOT_FOLLOWED.filter((name) => given.has(name))
}

function proxyOf(conf: FreshclamConf): ProxyPlan | undefined {
  const given = textOf(conf, 'HTTPProxyServer')
  if (given === undefined) return undefined
  return {
    server: given.replace(/^https?:\/\//, '').replace(/\/$/, ''),
    port: numberOf(conf, 'HTTPProxyPort') ?? PROXY_PORT_DEFAULT,
    user: textOf(conf, 'HTTPProxyUsername'),
    password: textOf(conf, 'HTTPProxyPassword'),
  }
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}

function lineFaults(
  proxy: ProxyPlan | undefined,
  localAddress: string | undefined,
): readonly string[] {
  const faults: string[] = []
  if (proxy !== undefined && !isHost(proxy.server)) {
    faults.push('HTTPProxyServer is no name of a host; its port goes into HTTPProxyPort')
  }
  if (proxy !== undefined && !isPort(proxy.port)) {
    faults.push(`HTTPProxyPort is ${proxy.port}, which is no port`)
  }
  if (localAddress !== undefined && parseIpAddress(localAddress) === undefined) {
    faults.push(`LocalIPAddress "${localAddress}" is no address`)
  }
  return faults
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535
}

function isWeb(text: string): boolean {
  return /^https?:$/.test(urlOf(text)?.protocol ?? '')
}

/** The last part of its path is the name of the file here. */
function reasonAgainst({ protocol, pathname }: URL): string | undefined {
  if (!/^(?:https?|file):$/.test(protocol)) return 'is neither http, https nor file'
  const name = pathname.slice(pathname.lastIndexOf('/') + 1)
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{3,120}$/.test(name) ? undefined : 'names no file'
}
