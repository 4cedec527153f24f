import assert from 'node:assert'

export interface AuthorizedKey {
  /** Without comment: `ssh-ed25519 AAAA…`. */
  readonly key: string
  readonly comment: string
  /** Runs whatever was asked for, with no terminal and no forwarding. Undefined: this key gets a shell. */
  readonly command: string | undefined
}

/** `about`: lines of comment at the top. */
export function printAuthorizedKeys(
  keys: readonly AuthorizedKey[],
  about: readonly string[] = [],
): string {
  const head = about.map((line) => `# ${plain(line)}\n`)
  return [...head, ...keys.map(printKey)].join('')
}

function printKey({ key, comment, command }: AuthorizedKey): string {
  assert.match(key, /^[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}$/, 'a public key without comment')
  if (command === undefined) return `${key} ${plain(comment)}\n`
  assert.match(command, /^[^"\\\p{Cc}\u0080-\uffff]+$/u, 'a command that needs no quoting')
  return `restrict,command="${command}" ${key} ${plain(comment)}\n`
}

/** One line: nothing in it starts another. */
function plain(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?')
}
