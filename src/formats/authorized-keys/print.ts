/**
 * `~clamavdb/.ssh/authorized_keys` of a mirror that is called through the machine's own sshd (R50–R56): each master's key
 * runs one command and opens nothing else. The variant with a shell has lines for named people besides.
 */
import { fail, type Outcome, ok } from '#base/outcome.ts'

export interface KeyHolder {
  /** Comment of the line: a master's name, a person's mail address. */
  readonly name: string
  /** `ssh-ed25519 AAAA…`, without a comment. */
  readonly key: string
}

export interface Caller extends KeyHolder {
  /** What its key runs, whatever was asked for: `~/bin/clam-clientsync rsync1.clamav.example`. */
  readonly command: string
}

export interface AuthorizedKeys {
  readonly callers: readonly Caller[]
  /** People who may log in. Empty in the variant without shell. */
  readonly people: readonly KeyHolder[]
}

export interface AuthorizedKeysFault {
  /** A key opens one door: the first line with it would count, and hide the other. */
  readonly kind: 'not-one-line' | 'key-twice'
  readonly name: string
}

const CONTROL = /\p{Cc}/u

export function printAuthorizedKeys({
  callers,
  people,
}: AuthorizedKeys): Outcome<string, AuthorizedKeysFault> {
  const seen = new Set<string>()
  for (const holder of [...callers, ...people]) {
    const text = 'command' in holder ? `${holder.name}${holder.command}` : holder.name
    if (CONTROL.test(text)) return fail({ kind: 'not-one-line', name: holder.name })
    if (seen.has(holder.key)) return fail({ kind: 'key-twice', name: holder.name })
    seen.add(holder.key)
  }
  const calling = callers.map(
    ({ command, key, name }) => `restrict,command="${escaped(command)}" ${key} ${name}\n`,
  )
  return ok([...calling, ...people.map(({ key, name }) => `${key} ${name}\n`)].join(''))
}

/** sshd takes a backslash away before a quotation mark only. */
function escaped(command: string): string {
  return command.replaceAll('"', '\\"')
}
