import assert from 'node:assert'
import type { ClientsyncConf, ClientsyncConfFault } from './conf.ts'
import { printExclude } from './exclude.ts'
import { printHostPort } from './host.ts'

/** Writes a file that our parser and a real `sh` read alike: every value in single quotes, one a line. */
export function printClientsyncConf(conf: ClientsyncConf): string {
  const masters = [...conf.masters].map(([name, place]) => `${name}=${printHostPort(place)}`)
  const lines: (readonly [string, string | undefined])[] = [
    ['TO', conf.to],
    ['RSYNC_USER', conf.rsyncUser],
    ['RSYNC_PASSWORD', conf.rsyncPassword],
    ['EXCLUDE', printExclude(conf.exclude)],
    ['MODULE', conf.module],
    ['MASTERS', masters.length === 0 ? undefined : masters.join(' ')],
    ['RSYNC_PORT', String(conf.rsyncPort)],
    ['UPSTREAM', isKnownToMasters(conf) ? undefined : conf.upstream.join(' ')],
    ['PROXY', conf.proxy],
    ['TUF_ROOT', conf.tufRoot],
    ['PUBLISHER_KEYS', conf.publisherKeys.length === 0 ? undefined : conf.publisherKeys.join(' ')],
    ['STATE', conf.state],
    ['BWLIMIT', conf.bandwidthKib === undefined ? undefined : String(conf.bandwidthKib)],
    ...conf.others,
  ]
  return lines.map(([name, value]) => (value === undefined ? '' : printLine(name, value))).join('')
}

/** It pulls by rsync alone, as a conf of 2004 says without a word more. */
function isKnownToMasters({ upstream, rsyncUser, rsyncPassword }: ClientsyncConf): boolean {
  return upstream.length === 0 && rsyncUser !== undefined && rsyncPassword !== undefined
}

function printLine(name: string, value: string): string {
  assert.match(name, /^[A-Za-z_][A-Za-z0-9_]*$/, 'a name that a shell can assign to')
  assert.ok(!hasControlCharacter(value), `a value of ${name} that fits on one line`)
  return `${name}='${value.replaceAll("'", `'\\''`)}'\n`
}

function hasControlCharacter(value: string): boolean {
  return /[^\P{Cc}\t\u0080-\u009f]/u.test(value)
}

const SHELL_WORDS = {
  'not-an-assignment': 'only NAME=value is read here, nothing is run',
  'command-substitution': 'a command between backticks or in $(…) is not run',
  'shell-operator': 'one of ; | & < > ( ) outside quotes',
  'parameter-expansion': 'an expansion other than a plain $NAME; put a $ in single quotes',
  'unknown-variable': 'a variable that is not set above; put a $ in single quotes',
  'home-of-another-user': '~ of another user is not known; write the path out',
  'open-quote': 'a quote is not closed on its line',
  'trailing-backslash': 'the file ends in a backslash',
  'control-character': 'a control character, perhaps a line end of another system',
} as const satisfies Partial<Record<ClientsyncConfFault['kind'], string>>

/** One line for an operator: `line 3: …`. It repeats no value, since that may be the password. */
export function describeClientsyncConfFault(fault: ClientsyncConfFault): string {
  switch (fault.kind) {
    case 'missing':
      return `line ${fault.line}: ${fault.key} is missing`
    case 'bad-value':
      return `line ${fault.line}: ${fault.key} wants ${fault.wanted}`
    case 'too-long':
      return `line ${fault.line}: the file has more than ${fault.charsMax} characters`
    default:
      return `line ${fault.line}: ${SHELL_WORDS[fault.kind]}`
  }
}
