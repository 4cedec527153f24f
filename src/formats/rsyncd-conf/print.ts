import { fail, type Outcome, ok } from '#base/outcome.ts'

/**
 * Settings of a master's rsync daemon (R97, R100–R102; rsyncd.conf(5)): one module, read only, not listed, open to
 * the mirrors' logins and to nobody else. We only print it. The syntax has no quotes: a line break ends a value, a
 * backslash at its end joins the next line, `%NAME%` is replaced from the environment, and blanks around it are lost.
 * So whatever holds one of these is refused before it is written.
 */
export interface RsyncdConf {
  readonly address: string
  readonly port: number
  /** rsync counts connections in this file; its default below `/var/run` needs root. */
  readonly lockFile: string
  readonly pidFile?: string
  /** Without it the daemon reports to syslog. */
  readonly logFile?: string
  readonly transferLogging: boolean
  readonly connectionsMax: number
  readonly idleSecondsMax: number
  /** Whose files the daemon reads when it runs as root; rsync's own default is `nobody`. */
  readonly uid?: string
  readonly gid?: string
  readonly module: RsyncdModule
}

export interface RsyncdModule {
  readonly name: string
  /** May be a link that is switched: each connection follows it once, at its start. */
  readonly path: string
  /** Exactly these logins. An empty list would mean "no password needed" to rsync, and is refused. */
  readonly users: readonly string[]
  readonly secretsFile: string
  /** Addresses or networks; absent means any. */
  readonly hostsAllow?: readonly string[]
}

export type RsyncdConfFault =
  | { readonly kind: 'bad-value'; readonly parameter: string; readonly wanted: string }
  | { readonly kind: 'no-users' }

type Parameter = readonly [name: string, value: string | number | undefined, ValueShape]

interface ValueShape {
  readonly pattern: RegExp
  readonly wanted: string
}

const NUMBER: ValueShape = { pattern: /^[1-9]\d{0,8}$/, wanted: 'a whole number above 0' }
const PORT: ValueShape = { pattern: /^[1-9]\d{0,4}$/, wanted: 'a port' }
const FIXED: ValueShape = { pattern: /^/, wanted: '' }
const ADDRESS: ValueShape = { pattern: /^[0-9A-Za-z.:-]+$/, wanted: 'an address' }
const ACCOUNT: ValueShape = { pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, wanted: 'an account' }
const PATH: ValueShape = {
  // No control characters, no % # ; \ anywhere; no blank at the end.
  pattern: /^\/(?:[^\p{Cc}%#;\\]*[^\p{Cc}%#;\\\s])?$/u,
  wanted:
    'an absolute path without control characters, %, #, ; and \\, and without a blank at its end',
}
/** A login cannot hold what separates logins, or starts a group or a rule. */
const USER: ValueShape = {
  pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/,
  wanted: 'letters, digits, "_", "." and "-", at most 64',
}
const USERS: ValueShape = {
  pattern: new RegExp(
    `^${USER.pattern.source.slice(1, -1)}(?:, ${USER.pattern.source.slice(1, -1)})*$`,
  ),
  wanted: USER.wanted,
}
const HOSTS: ValueShape = { pattern: /^[0-9A-Za-z.:/ *-]+$/, wanted: 'addresses or networks' }
/** `global` is a section of the language itself. */
const MODULE: ValueShape = {
  pattern: /^(?!global$)[A-Za-z0-9_][A-Za-z0-9_.-]*$/,
  wanted: 'a module name',
}

export function printRsyncdConf(conf: RsyncdConf): Outcome<string, readonly RsyncdConfFault[]> {
  const { module } = conf
  const global: readonly Parameter[] = [
    ['address', conf.address, ADDRESS],
    ['port', conf.port, PORT],
    ['lock file', conf.lockFile, PATH],
    ['pid file', conf.pidFile, PATH],
    ['log file', conf.logFile, PATH],
    ['uid', conf.uid, ACCOUNT],
    ['gid', conf.gid, ACCOUNT],
    // Without it each small exchange waits 40 ms for an acknowledgement that the other side holds back.
    ['socket options', 'TCP_NODELAY', FIXED],
    ['use chroot', 'no', FIXED],
    ['reverse lookup', 'no', FIXED],
    ['forward lookup', 'no', FIXED],
  ]
  const local: readonly Parameter[] = [
    ['path', module.path, PATH],
    ['read only', 'yes', FIXED],
    ['list', 'no', FIXED],
    ['auth users', module.users.join(', '), USERS],
    ['secrets file', module.secretsFile, PATH],
    ['strict modes', 'yes', FIXED],
    ['hosts allow', module.hostsAllow?.join(' '), HOSTS],
    ['max connections', conf.connectionsMax, NUMBER],
    ['timeout', conf.idleSecondsMax, NUMBER],
    ['transfer logging', conf.transferLogging ? 'yes' : 'no', FIXED],
    ['munge symlinks', 'no', FIXED],
    ['numeric ids', 'yes', FIXED],
  ]
  const faults = [...global, ...local].flatMap(faultOf)
  if (!MODULE.pattern.test(module.name)) faults.push(badValue('module', MODULE))
  if (module.users.length === 0) return fail([...faults, { kind: 'no-users' }])
  if (faults.length > 0) return fail(faults)
  return ok(`${printLines(global)}\n[${module.name}]\n${printLines(local)}`)
}

function faultOf([name, value, shape]: Parameter): RsyncdConfFault[] {
  return value === undefined || shape.pattern.test(String(value)) ? [] : [badValue(name, shape)]
}

function badValue(parameter: string, { wanted }: ValueShape): RsyncdConfFault {
  return { kind: 'bad-value', parameter, wanted }
}

function printLines(parameters: readonly Parameter[]): string {
  return parameters
    .map(([name, value]) => (value === undefined ? '' : `${name} = ${value}\n`))
    .join('')
}

export interface Secret {
  readonly user: string
  readonly password: string
}

export type SecretsFault =
  | { readonly kind: 'bad-user'; readonly user: string }
  | { readonly kind: 'bad-password'; readonly user: string }
  | { readonly kind: 'user-twice'; readonly user: string }

/** rsync reads a line into 1024 bytes, name, colon and line end included. */
const PASSWORD_BYTES_MAX = 512

/** The secrets file, `user:password` a line. It belongs in a file of mode 600, or the daemon refuses it. */
export function printSecrets(secrets: readonly Secret[]): Outcome<string, readonly SecretsFault[]> {
  const faults: SecretsFault[] = []
  const seen = new Set<string>()
  for (const { user, password } of secrets) {
    if (!USER.pattern.test(user)) faults.push({ kind: 'bad-user', user })
    if (!isPassword(password)) faults.push({ kind: 'bad-password', user })
    if (seen.has(user)) faults.push({ kind: 'user-twice', user })
    seen.add(user)
  }
  if (faults.length > 0) return fail(faults)
  return ok(secrets.map(({ user, password }) => `${user}:${password}\n`).join(''))
}

function isPassword(text: string): boolean {
  return /^[^\p{Cc}]+$/u.test(text) && Buffer.byteLength(text) <= PASSWORD_BYTES_MAX
}
