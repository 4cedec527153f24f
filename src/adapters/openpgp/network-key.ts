/**
 * The network's own OpenPGP key (R52, decided), made at its first use.
 *
 * gpg keeps secret keys through an agent that listens on a socket in its home, and a socket's path may have only a hundred
 * characters. So gpg sees its home through a short link, which goes again together with the agent.
 */
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type HeldLock, takeLock } from '../disk/index.ts'
import { OpenPgpError } from './error.ts'
import { mustRunGpg, runGpg } from './run.ts'

/** So long another process may sign before we give up. */
const LOCK_TRIES_MAX = 100
const LOCK_WAIT_MS = 200
const UNATTENDED = ['--batch', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase', '']

export class NetworkPgpKey implements AsyncDisposable {
  /** Forty hexadecimal digits. */
  readonly fingerprint: string
  readonly #home: string
  readonly #signal: AbortSignal
  readonly #owned: AsyncDisposableStack

  private constructor(
    fingerprint: string,
    home: string,
    signal: AbortSignal,
    owned: AsyncDisposableStack,
  ) {
    this.fingerprint = fingerprint
    this.#home = home
    this.#signal = signal
    this.#owned = owned
  }

  /** `folder` is gpg's home: made where it is not there, mode 0700. */
  static async open(folder: string, zone: string, signal: AbortSignal): Promise<NetworkPgpKey> {
    const home = resolve(folder)
    await mkdir(home, { recursive: true, mode: 0o700 })
    await using starting = new AsyncDisposableStack()
    starting.use(await lockOf(join(home, 'cvdnet.lock'), signal))
    const short = await mkdtemp(join(tmpdir(), 'cvdnet-gpg-'))
    starting.defer(() => rm(short, { recursive: true, force: true }))
    const link = join(short, 'h')
    await symlink(home, link)
    starting.defer(() => endAgent(link))
    const found = await fingerprintIn(link, signal)
    const fingerprint = found ?? (await makeKey(link, zone, signal))
    return new NetworkPgpKey(fingerprint, link, signal, starting.move())
  }

  /** An armored detached signature. */
  async sign(data: Uint8Array): Promise<string> {
    const args = [...UNATTENDED, '--local-user', this.fingerprint, '--armor', '--detach-sign']
    return (await this.#gpg('sign for the network', [...args, '--output', '-'], data)).toString(
      'latin1',
    )
  }

  /** For `gpg --import`. */
  async publicKey(): Promise<string> {
    const args = ['--batch', '--armor', '--export', this.fingerprint]
    return (await this.#gpg("export the network's public key", args)).toString('latin1')
  }

  /** The same as gpgv wants its keyring. */
  async keyring(): Promise<Uint8Array> {
    return await this.#gpg("export the network's public key", [
      '--batch',
      '--export',
      this.fingerprint,
    ])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync()
  }

  async #gpg(action: string, args: readonly string[], input?: Uint8Array): Promise<Buffer> {
    return await mustRunGpg(action, ['--homedir', this.#home, ...args], input, this.#signal)
  }
}

async function lockOf(path: string, signal: AbortSignal): Promise<HeldLock> {
  for (let tries = 0; tries < LOCK_TRIES_MAX; tries += 1) {
    const attempt = await takeLock(path, 'signs with the OpenPGP key of the network')
    if (attempt.kind === 'taken') return attempt.lock
    await setTimeout(LOCK_WAIT_MS, undefined, { signal })
  }
  throw new OpenPgpError('busy', "use the network's OpenPGP key: another process uses it")
}

async function fingerprintIn(home: string, signal: AbortSignal): Promise<string | undefined> {
  const args = ['--homedir', home, '--batch', '--with-colons', '--list-secret-keys']
  const listing = (await mustRunGpg('look for the OpenPGP key', args, undefined, signal)).toString()
  return /^sec:[\s\S]*?^fpr:(?:[^:]*:){8}([0-9A-F]{40}):/m.exec(listing)?.[1]
}

async function makeKey(home: string, zone: string, signal: AbortSignal): Promise<string> {
  const owner = `Mirror network of ${zone}`
  const args = ['--homedir', home, ...UNATTENDED, '--quick-generate-key', owner, 'ed25519', 'sign']
  const action = `make the OpenPGP key of ${zone}`
  await mustRunGpg(action, [...args, 'never'], undefined, signal)
  const made = await fingerprintIn(home, signal)
  if (made === undefined) throw new OpenPgpError('broken', `${action}: it is not there`)
  return made
}

/** The one that gpg started for this home, and nobody else's. */
async function endAgent(home: string): Promise<void> {
  const signal = AbortSignal.timeout(10_000)
  await runGpg('gpgconf', ['--homedir', home, '--kill', 'all'], undefined, signal).catch(() => {})
}
