import type { RsyncLogin } from '../mirrors/index.ts'

/** Everything that an operator needs to know of his mirror and of the network (R47–R67). */
export interface KitFacts {
  readonly zone: string
  /** The mirror's name, which is its login as well. */
  readonly name: string
  readonly account: string
  readonly host: string
  readonly addresses: readonly string[]
  readonly httpPort: number
  readonly sshPort: number
  readonly aliases: readonly string[]
  readonly login: RsyncLogin
  readonly masters: readonly KitMaster[]
  /** That a pull may take; undefined: what the line gives. */
  readonly bandwidthKbit: number | undefined
  /** `root.json` of the network's TUF metadata. */
  readonly tufRoot: string
  readonly publishers: readonly { readonly name: string; readonly text: string }[]
  /** Of named people of the team (R54). */
  readonly shellKeys: readonly string[]
  readonly place: MirrorPlace
  /** Of the network's OpenPGP key: forty hexadecimal digits. */
  readonly fingerprint: string
}

/** A master as mirrors see it: whom they pull from, and whose call they obey (decision 10). */
export interface KitMaster {
  readonly name: string
  readonly host: string
  readonly rsyncPort: number
  readonly module: string
  readonly hostKey: string
  readonly triggerKey: string
}

/** Where things are on the mirror's machine. Absolute. */
export interface MirrorPlace {
  readonly home: string
  readonly documentRoot: string
}

/** Files below the home of the account (R55–R60). */
export const AT_HOME = {
  script: 'bin/clam-clientsync',
  conf: 'etc/clam-clientsync.conf',
  settings: 'etc/cvdnet.toml',
  tufRoot: 'etc/root.json',
  publishers: 'etc/publishers',
  state: 'var/clam-clientsync',
  authorizedKeys: '.ssh/authorized_keys',
} as const

/** What the mirror's web server answers for (R42–R44). `*` stands for one label. */
export function servedNames({
  zone,
  name,
  host,
  aliases,
}: Pick<KitFacts, 'zone' | 'name' | 'host' | 'aliases'>): readonly string[] {
  const own = /^[\d.]+$|:/.test(host) ? [] : [host]
  return [...new Set([`database.${zone}`, `db.*.${zone}`, `${name}.${zone}`, ...own, ...aliases])]
}
