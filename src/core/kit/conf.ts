import {
  type ClientsyncConf,
  parseClientsyncConf,
  printClientsyncConf,
} from '#formats/clientsync-conf/index.ts'
import { AT_HOME, type KitFacts, type MirrorPlace } from './facts.ts'

/** `clam-clientsync.conf` for this mirror (R63–R65); the historical script reads it, too. */
export function clientsyncConf(facts: KitFacts): string {
  const [master] = facts.masters
  return printClientsyncConf(
    placed(
      {
        rsyncUser: facts.login.user,
        rsyncPassword: facts.login.password,
        exclude: ['local_*'],
        module: master?.module ?? 'clamavdb',
        masters: new Map(
          facts.masters.map(({ name, host, rsyncPort }) => [name, { host, port: rsyncPort }]),
        ),
        rsyncPort: master?.rsyncPort ?? 873,
        upstream: [],
        proxy: undefined,
        others: new Map(),
        publisherKeys: facts.publishers.map(({ name }) => publisherFile(name)),
        to: '',
        tufRoot: undefined,
        state: undefined,
        bandwidthKib: facts.bandwidthKbit === undefined ? undefined : kibOf(facts.bandwidthKbit),
      },
      facts.place,
    ),
  )
}

/**
 * The kit's conf for the place where it is installed. What the operator changed in `present`, the conf that is there
 * already, stays: document root, exceptions, mirrors to pull from, a limit of bandwidth where the kit has none, and names that mean nothing to us.
 */
export function installedConf(
  kit: ClientsyncConf,
  present: ClientsyncConf | undefined,
  place: MirrorPlace,
): string {
  const conf = placed(kit, place)
  if (present === undefined) return printClientsyncConf(conf)
  const { to, exclude, upstream, proxy, others } = present
  const bandwidthKib = conf.bandwidthKib ?? present.bandwidthKib
  return printClientsyncConf({ ...conf, to, exclude, upstream, proxy, others, bandwidthKib })
}

/** The registry counts in kbit as lines are sold, rsync in KiB; never more than was said, and at least something. */
function kibOf(kbit: number): number {
  return Math.max(1, Math.floor((kbit * 1000) / 8 / 1024))
}

export function readConf(text: string, home: string): ClientsyncConf | undefined {
  const conf = parseClientsyncConf(text, { home })
  return conf.ok ? conf.value : undefined
}

export function publisherFile(name: string): string {
  return `${name}.pub.json`
}

function placed(conf: ClientsyncConf, { home, documentRoot }: MirrorPlace): ClientsyncConf {
  const keys = conf.publisherKeys.map((path) => path.slice(path.lastIndexOf('/') + 1))
  return {
    ...conf,
    to: documentRoot,
    tufRoot: `${home}/${AT_HOME.tufRoot}`,
    publisherKeys: keys.map((file) => `${home}/${AT_HOME.publishers}/${file}`),
    state: `${home}/${AT_HOME.state}`,
  }
}
