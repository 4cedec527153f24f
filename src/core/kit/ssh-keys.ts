import { printAuthorizedKeys } from '#formats/authorized-keys/index.ts'
import type { SigmakerRecord } from '../mirrors/index.ts'
import { AT_HOME, type KitFacts } from './facts.ts'

/** The masters' keys, each tied to the sync from that master and nothing else (R50–R52). */
export function authorizedKeysNoShell(facts: KitFacts): string {
  return printAuthorizedKeys(masterKeys(facts), [
    `The masters of ${facts.zone}: each may start one command, ~/${AT_HOME.script}, and nothing else.`,
    `Check it with gpg --verify authorized_keys_noshell.asc authorized_keys_noshell`,
  ])
}

/** The same, and named people of the team with a shell (R54): welcome, not required (R39). */
export function authorizedKeysShell(facts: KitFacts): string {
  const people = facts.shellKeys.map((key) => ({
    key,
    comment: `team of ${facts.zone}`,
    command: undefined,
  }))
  return printAuthorizedKeys(
    [...masterKeys(facts), ...people],
    [
      `The masters of ${facts.zone}, tied to one command, and people of its team with a shell.`,
      `Check it with gpg --verify authorized_keys_shell.asc authorized_keys_shell`,
    ],
  )
}

function masterKeys({ masters }: KitFacts) {
  return masters.map(({ name, triggerKey }) => ({
    key: triggerKey,
    comment: name,
    command: `~/${AT_HOME.script} ${name}`,
  }))
}

/**
 * Sigmakers' keys for the account of the trigger, where OpenSSH stands in place of our own door: each starts the trigger of exactly
 * that sigmaker. `program` is how cvdnet is started, `config` the master's settings.
 */
export function authorizedKeysNotify(
  sigmakers: readonly Pick<SigmakerRecord, 'name' | 'keys'>[],
  { program, config }: { readonly program: readonly string[]; readonly config: string },
): string {
  const entries = sigmakers.flatMap(({ name, keys }) => {
    const words = [...program, 'notify', name, '--config', config]
    return keys.map((key) => ({ key, comment: name, command: words.map(quoted).join(' ') }))
  })
  return printAuthorizedKeys(entries, ['Sigmakers: each may trigger a release, and nothing else.'])
}

/** What sshd starts when a master calls (R57). `program` is how cvdnet is started there. */
export function clientsyncScript(program: readonly string[]): string {
  return [
    `#!/bin/sh`,
    `# Started by sshd for a master's key; authorized_keys says which master. By hand: clam-clientsync MASTER`,
    `PATH=/usr/local/bin:/usr/bin:/bin`,
    `export PATH`,
    `exec ${program.map(quoted).join(' ')} clientsync "\${1:?which master}" --conf "$HOME/${AT_HOME.conf}"`,
    ``,
  ].join('\n')
}

function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
