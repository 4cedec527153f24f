/** The settings of a mirror that follows others by HTTP, or is filled from bundles, and that no master knows of: it needs no kit. */
import { type ClientsyncConf, printClientsyncConf } from '#formats/clientsync-conf/index.ts'
import { AT_HOME } from './facts.ts'

export interface FollowerFacts {
  readonly zone: string
  readonly name: string
  readonly home: string
  /** Base addresses, in order. None: it is filled from bundles. */
  readonly upstream: readonly string[]
  /** `http://[USER:PASSWORD@]HOST[:PORT]` */
  readonly proxy: string | undefined
  /** Names of the files with publishers' keys, below the folder for them. */
  readonly publishers: readonly string[]
  readonly httpPort: number
}

/** What an operator changed in `present` stays, but for whom it follows, and whose databases it trusts where that is said. */
export function followerConf(
  { home, upstream, proxy, publishers }: FollowerFacts,
  present: ClientsyncConf | undefined,
): string {
  return printClientsyncConf({
    to: `${home}/htdocs`,
    rsyncUser: undefined,
    rsyncPassword: undefined,
    exclude: ['local_*'],
    module: 'clamavdb',
    masters: new Map(),
    rsyncPort: 873,
    bandwidthKib: undefined,
    others: new Map(),
    ...present,
    upstream,
    proxy: proxy ?? present?.proxy,
    tufRoot: `${home}/${AT_HOME.tufRoot}`,
    publisherKeys:
      publishers.length > 0
        ? publishers.map((file) => `${home}/${AT_HOME.publishers}/${file}`)
        : (present?.publisherKeys ?? []),
    state: `${home}/${AT_HOME.state}`,
  })
}

/** `cvdnet.toml`. Paths are relative to its folder. */
export function followerSettings({ zone, name, upstream, httpPort }: FollowerFacts): string {
  return [
    `# cvdnet as a mirror that no master calls: cvdnet run --config THIS FILE`,
    `zone = ${JSON.stringify(zone)}`,
    `state = "../var/cvdnet"`,
    ``,
    `[mirror]`,
    `name = ${JSON.stringify(name)}`,
    `conf = ${JSON.stringify(AT_HOME.conf.slice('etc/'.length))}`,
    upstream.length > 0 ? `pull_every = "15m"` : `carried = true`,
    ``,
    `[mirror.http]`,
    `host = "::"`,
    `port = ${httpPort}`,
    ``,
  ].join('\n')
}
