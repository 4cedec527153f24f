import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { runGpg } from './run.ts'

export type SignatureFault =
  /** By another key, or over other data, or no signature at all. In gpg's words. */
  { readonly kind: 'bad-signature'; readonly reason: string }

/** Guess: one signature a file, and a few of keys to come. */
const SIGNATURES_MAX = 16

/**
 * The fingerprint of the primary key that signed. Only gpgv's own word counts, on its status channel, and only for keys in
 * `keyring`. A clock that is wrong does not make a signature bad.
 */
export async function verifyDetached(
  data: Uint8Array,
  signature: string,
  keyring: Uint8Array,
  signal: AbortSignal,
): Promise<Outcome<string, SignatureFault>> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-gpgv-'))
  const [keys, sign] = [join(folder.path, 'keys.gpg'), join(folder.path, 'data.asc')]
  await writeFile(keys, keyring, { mode: 0o600 })
  await writeFile(sign, signature, { mode: 0o600 })
  const args = ['--homedir', folder.path, '--keyring', keys, '--status-fd', '1']
  const end = await runGpg('gpgv', [...args, '--ignore-time-conflict', sign, '-'], data, signal)
  const lines = end.out.toString('latin1').split('\n')
  const valid = lines.filter((line) => line.startsWith('[GNUPG:] VALIDSIG '))
  const bad = lines.some((line) => /^\[GNUPG:\] (?:BAD|ERR|EXP|REVKEY|EXPKEY)/.test(line))
  const fingerprint = valid[0]?.trim().split(' ').at(-1)
  if (end.status === 0 && !bad && valid.length <= SIGNATURES_MAX && fingerprint !== undefined) {
    return ok(fingerprint)
  }
  const reason = end.words.trim().split('\n').at(-1) ?? ''
  return fail({ kind: 'bad-signature', reason: reason === '' ? 'gpgv says no' : reason })
}
