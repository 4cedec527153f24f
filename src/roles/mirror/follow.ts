/**
 * `cvdnet mirror follow`: a mirror that pulls from others by HTTP, or is filled from bundles, below one folder, for whoever
 * runs it. Nothing is written before the network's root is the one that was asked for, and it vouches for a manifest.
 */
import { createHash } from 'node:crypto'
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readIfThere } from '#adapters/disk/index.ts'
import { rootVersionIn } from '#adapters/tuf/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import {
  AT_HOME,
  type FollowerFacts,
  followerConf,
  followerSettings,
  readConf,
} from '#core/kit/index.ts'
import { Installer, type Owner } from './install.ts'
import { LookByWeb, type NetworkLook } from './look-by-web.ts'
import { LookInBundle } from './look-in-bundle.ts'
import { selfCheck } from './self-check.ts'

export interface FollowOptions extends Omit<FollowerFacts, 'publishers'> {
  /** What was carried here, where `upstream` is empty. */
  readonly bundle: string | undefined
  /** Text of the network's `root.json`, as its team has handed it over; undefined: what the others have. */
  readonly root: string | undefined
  /** SHA-256 of `root.json`, in hexadecimal, as the team told it by another way. */
  readonly fingerprint: string | undefined
  /** Keys of publishers besides ClamAV: name of a file and its text. */
  readonly publisherKeys: ReadonlyMap<string, string>
  readonly user: Owner
  /** Everything that is changed. */
  readonly onChange: (line: string) => void
  /** What goes wrong on the way, and does not keep us. */
  readonly onTrouble: (line: string) => void
  readonly signal: AbortSignal
}

export interface Following {
  readonly settings: string
  readonly conf: string
  /** SHA-256 of `root.json`. */
  readonly fingerprint: string
  /** Whether it was compared with something from elsewhere, now or before. */
  readonly isCompared: boolean
  /** Of the newest release, and what all of it comes to. */
  readonly serial: number
  readonly files: number
  readonly bytes: number
}

/** Refusals are told all at once. Throws `TransferError` when nobody answers, `InstallError` and `DiskError`. */
export async function followMirrors(
  options: FollowOptions,
): Promise<Outcome<Following, readonly string[]>> {
  const { home, root: given, fingerprint: wanted } = options
  await using temporary = await mkdtempDisposable(join(tmpdir(), 'cvdnet-follow-'))
  const scratch = temporary.path
  await using look = lookFor(options, scratch)
  const found = given === undefined ? await look.root() : ok(given)
  if (!found.ok) return found
  const root = found.value
  if (rootVersionIn(root) === undefined)
    return fail(['the root that was given is no root of a network'])
  const fingerprint = createHash('sha256').update(root).digest('hex')
  const known = await readIfThere(join(home, AT_HOME.tufRoot))
  if (wanted !== undefined && wanted !== fingerprint) {
    return fail([`the network's root has the fingerprint ${fingerprint}, not ${wanted}`])
  }
  const isAsked = given !== undefined || wanted !== undefined
  if (known !== undefined && known !== root && !isAsked) {
    return fail([
      `${join(home, AT_HOME.tufRoot)} is another root than the one there, ${fingerprint}; ask the network's team, then give --fingerprint`,
    ])
  }
  const rootFile = join(scratch, 'root.json')
  await writeFile(rootFile, root)
  const manifest = await look.manifest(rootFile)
  if (!manifest.ok) return manifest
  const faults = await install(options, root)
  if (faults.length > 0) return fail(faults)
  const { serial, files } = manifest.value
  return ok({
    settings: join(home, AT_HOME.settings),
    conf: join(home, AT_HOME.conf),
    fingerprint,
    isCompared: isAsked || known === root,
    serial,
    files: files.size,
    bytes: [...files.values()].reduce((sum, { bytes }) => sum + bytes, 0),
  })
}

function lookFor(options: FollowOptions, scratch: string): NetworkLook {
  const { bundle, upstream, proxy, onTrouble, signal } = options
  return bundle === undefined
    ? new LookByWeb(upstream, { proxy, scratch, onTrouble, signal })
    : new LookInBundle(bundle, { scratch, signal })
}

async function install(options: FollowOptions, root: string): Promise<readonly string[]> {
  const { home, publisherKeys } = options
  const installer = new Installer(options.user, options.onChange)
  const at = (path: string) => join(home, path)
  await mkdir(home, { recursive: true, mode: 0o755 })
  for (const folder of ['etc', 'var', AT_HOME.publishers]) await installer.folder(at(folder), 0o755)
  await installer.file(at(AT_HOME.tufRoot), root, 0o644)
  for (const [name, text] of publisherKeys) {
    await installer.file(at(`${AT_HOME.publishers}/${name}`), text, 0o644)
  }
  const facts = { ...options, publishers: [...publisherKeys.keys()] }
  const present = readConf((await readIfThere(at(AT_HOME.conf))) ?? '', home)
  await installer.documentRoot(present?.to ?? at('htdocs'))
  await installer.file(at(AT_HOME.conf), followerConf(facts, present), 0o600)
  // Ports and the interval are the operator's to change.
  if ((await readIfThere(at(AT_HOME.settings))) === undefined) {
    await installer.file(at(AT_HOME.settings), followerSettings(facts), 0o644)
  }
  return await selfCheck(home, at(AT_HOME.settings))
}
