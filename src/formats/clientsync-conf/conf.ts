import { isPlainName } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { isBaseAddress, isProxyAddress } from './address.ts'
import { type ExcludeFault, parseExclude } from './exclude.ts'
import { type HostPort, parseHostPort, parsePort } from './host.ts'
import { type Assignment, readAssignments, type ShellFaultKind } from './shell.ts'

/**
 * `clam-clientsync.conf` of a mirror (R57–R65; formats.md 6.8): whence and with which login a mirror pulls, where to,
 * and what of its own it keeps. `TO`, `RSYNC_USER`, `RSYNC_PASSWORD`, `EXCLUDE` and `MODULE` are the historical ones;
 * the rest is ours, and the historical script ignores it. As in a shell the last assignment of a name counts.
 * Paths are absolute once `$HOME` and `~/` are known. Faults name keys and lines, never values.
 */
export interface ClientsyncConf {
  readonly to: string
  /** Undefined only where there is an `UPSTREAM`, which may be empty. */
  readonly rsyncUser: string | undefined
  readonly rsyncPassword: string | undefined
  /** Patterns in rsync's syntax, in order. */
  readonly exclude: readonly string[]
  readonly module: string
  readonly masters: ReadonlyMap<string, HostPort>
  readonly rsyncPort: number
  /** Base addresses of mirrors of the network, in order, for a mirror that pulls by HTTP. A login in one stays in it. */
  readonly upstream: readonly string[]
  /** `http://[USER:PASSWORD@]HOST[:PORT]`, for what is asked by HTTP. */
  readonly proxy: string | undefined
  readonly tufRoot: string | undefined
  readonly publisherKeys: readonly string[]
  readonly state: string | undefined
  /** KiB per second that a pull may take, as rsync's `--bwlimit` counts. Undefined: what the line gives. */
  readonly bandwidthKib: number | undefined
  /** Names that mean nothing to us, kept so that printing loses nothing. */
  readonly others: ReadonlyMap<string, string>
}

export type ConfKey =
  | 'TO'
  | 'RSYNC_USER'
  | 'RSYNC_PASSWORD'
  | 'EXCLUDE'
  | 'MODULE'
  | 'MASTERS'
  | 'RSYNC_PORT'
  | 'UPSTREAM'
  | 'PROXY'
  | 'TUF_ROOT'
  | 'PUBLISHER_KEYS'
  | 'STATE'
  | 'BWLIMIT'

export type ClientsyncConfFault =
  | { readonly kind: ShellFaultKind; readonly line: number }
  | { readonly kind: 'too-long'; readonly line: number; readonly charsMax: number }
  | { readonly kind: 'missing'; readonly line: number; readonly key: ConfKey }
  | {
      readonly kind: 'bad-value'
      readonly line: number
      readonly key: ConfKey
      readonly wanted: string
    }

/** Guess: a hundred times the sample; a larger file is not a settings file. */
export const CONF_CHARS_MAX = 65_536
const MODULE_DEFAULT = 'clamavdb'
/** A terabit a second, far above any line; and rsync counts bytes in 64 bits. */
const KIB_MAX = 122_070_312
/** The rsync daemon's registered port. */
const RSYNC_PORT_DEFAULT = 873

const EXCLUDE_WANTED: Record<ExcludeFault, string> = {
  'not-an-exclude-option': 'only --exclude options',
  'pattern-missing': 'a pattern after every --exclude',
  'not-a-plain-pattern': 'patterns that do not start with !, "+ " or "- "',
  'open-quote': 'every quote closed',
}

export function parseClientsyncConf(
  text: string,
  { home }: { readonly home: string },
): Outcome<ClientsyncConf, readonly ClientsyncConfFault[]> {
  if (text.length > CONF_CHARS_MAX) {
    return fail([{ kind: 'too-long', line: 1, charsMax: CONF_CHARS_MAX }])
  }
  const { assignments, faults } = readAssignments(text, home)
  const fields = new Fields(assignments, text.split('\n').length)
  // An empty one says that nobody is asked: what comes is carried.
  const login = fields.has('UPSTREAM') ? 'optional' : 'required'
  const upstream = fields.optional('UPSTREAM', 'http:// or https:// addresses', addresses) ?? []
  const conf: ClientsyncConf = {
    to: fields.required('TO', 'an absolute path below the root folder', below),
    rsyncUser: fields[login]('RSYNC_USER', 'a login name', loginName),
    rsyncPassword: fields[login](
      'RSYNC_PASSWORD',
      'some characters',
      (value) => value || undefined,
    ),
    exclude: fields.exclude(),
    module: fields.optional('MODULE', 'a module name', plainName) ?? MODULE_DEFAULT,
    masters: fields.optional('MASTERS', 'NAME=HOST[:PORT] …', masters) ?? new Map(),
    rsyncPort:
      fields.optional('RSYNC_PORT', 'a port from 1 to 65535', parsePort) ?? RSYNC_PORT_DEFAULT,
    upstream,
    proxy: fields.optional('PROXY', 'http://HOST:PORT', (text) => {
      return isProxyAddress(text) ? text : undefined
    }),
    tufRoot: fields.optional('TUF_ROOT', 'an absolute path', absolute),
    publisherKeys: fields.optional('PUBLISHER_KEYS', 'absolute paths', absolutePaths) ?? [],
    state: fields.optional('STATE', 'an absolute path below the root folder', below),
    bandwidthKib: fields.optional('BWLIMIT', `KiB a second, from 1 to ${KIB_MAX}`, kib),
    others: fields.others(),
  }
  const all = [...faults, ...fields.faults].sort((a, b) => a.line - b.line)
  return all.length > 0 ? fail(all) : ok(conf)
}

class Fields {
  readonly faults: ClientsyncConfFault[] = []
  readonly #left: Map<string, Assignment>
  readonly #lineOfEnd: number

  constructor(assignments: readonly Assignment[], lineOfEnd: number) {
    this.#left = new Map(assignments.map((assignment) => [assignment.name, assignment]))
    this.#lineOfEnd = lineOfEnd
  }

  has(key: ConfKey): boolean {
    return this.#left.has(key)
  }

  /** An empty string stands in for what is missing or wrong: with a fault the fields are never handed out. */
  required(key: ConfKey, wanted: string, read: (value: string) => string | undefined): string {
    if (!this.#left.has(key)) this.faults.push({ kind: 'missing', line: this.#lineOfEnd, key })
    return this.optional(key, wanted, read) ?? ''
  }

  optional<T>(key: ConfKey, wanted: string, read: (value: string) => T | undefined): T | undefined {
    const given = this.#left.get(key)
    this.#left.delete(key)
    if (given === undefined) return undefined
    const value = read(given.value)
    if (value === undefined) this.faults.push({ kind: 'bad-value', line: given.line, key, wanted })
    return value
  }

  exclude(): readonly string[] {
    const given = this.#left.get('EXCLUDE')
    this.#left.delete('EXCLUDE')
    const patterns = parseExclude(given?.value ?? '')
    if (patterns.ok) return patterns.value
    const wanted = EXCLUDE_WANTED[patterns.fault]
    this.faults.push({ kind: 'bad-value', line: given?.line ?? 1, key: 'EXCLUDE', wanted })
    return []
  }

  others(): ReadonlyMap<string, string> {
    return new Map([...this.#left.values()].map(({ name, value }) => [name, value]))
  }
}

function absolute(value: string): string | undefined {
  return value.startsWith('/') ? value : undefined
}

function kib(value: string): number | undefined {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : 0
  return number >= 1 && number <= KIB_MAX ? number : undefined
}

/** Not the root folder itself: what is synced or kept there is also deleted there. */
function below(value: string): string | undefined {
  const inside = value.split('/').filter((part) => part !== '' && part !== '.')
  return value.startsWith('/') && inside.length > 0 && !inside.includes('..') ? value : undefined
}

function absolutePaths(value: string): readonly string[] | undefined {
  const paths = words(value)
  return paths.every((path) => path.startsWith('/')) ? paths : undefined
}

/** Base addresses: what a query or a fragment would mean there, nobody can say. */
function addresses(value: string): readonly string[] | undefined {
  const found = words(value)
  return found.every(isBaseAddress) ? found : undefined
}

/** A colon would end it in the secrets file, an `@` or `/` in an rsync address. */
function loginName(value: string): string | undefined {
  return /^[^\s:@/#;-][^\s:@/]*$/.test(value) ? value : undefined
}

function plainName(value: string): string | undefined {
  return isPlainName(value) ? value : undefined
}

function masters(value: string): ReadonlyMap<string, HostPort> | undefined {
  const found = new Map<string, HostPort>()
  for (const word of words(value)) {
    const cut = word.indexOf('=')
    const [name, place] = [word.slice(0, Math.max(cut, 0)), parseHostPort(word.slice(cut + 1))]
    if (!isPlainName(name) || place === undefined || found.has(name)) return undefined
    found.set(name, place)
  }
  return found
}

function words(value: string): readonly string[] {
  return value.split(/[ \t]+/).filter((word) => word !== '')
}
