/**
 * `cvdnet mirror follow`: a mirror that pulls from others by HTTP, below one folder, for whoever runs it. Nothing is
 * written before the network's root is the one that was asked for and the mirrors have a manifest that it vouches for.
 */
import { createHash } from 'node:crypto'
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AskingRun,
  askServers,
  Failures,
  fetchMetadata,
} from '#adapters/database-server/index.ts'
import { readIfThere } from '#adapters/disk/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { rootVersionOf, TufVerifier } from '#adapters/tuf/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import {
  AT_HOME,
  type FollowerFacts,
  followerConf,
  followerSettings,
  readConf,
} from '#core/kit/index.ts'
import type { Manifest } from '#core/release/index.ts'
import { type NotFetched, ServerWalk } from '#core/update/index.ts'
import type { DatabaseServer } from '#ports/database-server.ts'
import { TransferError } from '#ports/transfer.ts'
import { Installer, type Owner } from './install.ts'
import { openWeb } from './open-web.ts'
import { selfCheck } from './self-check.ts'

export interface FollowOptions extends Omit<FollowerFacts, 'publishers'> {
  /** Text of the network's `root.json`, as its team has handed it over; undefined: that of the mirrors. */
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
  readonly serial: number
  readonly files: number
  readonly bytes: number
}

const ROOT_BYTES_MAX = 1024 * 1024

/** Refusals are told all at once. Throws `TransferError` when nobody answers, `InstallError` and `DiskError`. */
export async function followMirrors(
  options: FollowOptions,
): Promise<Outcome<Following, readonly string[]>> {
  const { home, upstream, signal, onTrouble } = options
  await using scratch = await mkdtempDisposable(join(tmpdir(), 'cvdnet-follow-'))
  await using web = openWeb()
  const run: AskingRun = {
    walk: new ServerWalk(upstream),
    troubles: [],
    attemptsMax: 1,
    clock: systemClock,
    signal,
    voice: { complain: onTrouble },
  }
  const rootFile = join(scratch.path, 'root.json')
  const fetched = await rootInto(rootFile, web, run, options)
  if (!fetched.ok) return fetched
  const root = fetched.value
  const fingerprint = createHash('sha256').update(root).digest('hex')
  const known = await readIfThere(join(home, AT_HOME.tufRoot))
  const faults = rootFaults({
    ...options,
    found: fingerprint,
    isOther: known !== undefined && known !== root,
  })
  if (faults.length > 0) return fail(faults)
  const looked = await look(web, run, upstream, scratch.path, rootFile)
  for (const line of run.troubles) onTrouble(line)
  if (!looked.ok) return looked
  const { files, serial } = looked.value
  const faultsOfPlace = await install(options, root)
  if (faultsOfPlace.length > 0) return fail(faultsOfPlace)
  return ok({
    settings: join(home, AT_HOME.settings),
    conf: join(home, AT_HOME.conf),
    fingerprint,
    isCompared: options.root !== undefined || options.fingerprint !== undefined || known === root,
    serial,
    files: files.size,
    bytes: [...files.values()].reduce((sum, { bytes }) => sum + bytes, 0),
  })
}

/** Resolves to its text. */
async function rootInto(
  file: string,
  web: DatabaseServer,
  run: AskingRun,
  { root }: FollowOptions,
): Promise<Outcome<string, readonly string[]>> {
  const path = 'tuf/root.json'
  if (root !== undefined) await writeFile(file, root)
  else {
    const ask = (url: URL) => web.start({ url, signal: run.signal }, ROOT_BYTES_MAX)
    const taken = await askServers(run, { file: path, ask }, async (content) => {
      await writeFile(file, content)
      return await rootVersionOf(file).then(
        () => undefined,
        () => 'it is no root of a network',
      )
    })
    if (!taken.ok) return nobody(taken.fault.end(path, run))
  }
  const text = (await readIfThere(file)) ?? ''
  return await rootVersionOf(file).then(
    () => ok(text),
    () => fail(['the root that was given is no root of a network']),
  )
}

interface RootFacts extends Pick<FollowOptions, 'fingerprint' | 'root' | 'home'> {
  readonly found: string
  readonly isOther: boolean
}

function rootFaults({ fingerprint, root, home, found, isOther }: RootFacts): readonly string[] {
  if (fingerprint !== undefined && fingerprint !== found) {
    return [`the network's root has the fingerprint ${found}, not ${fingerprint}`]
  }
  if (isOther && root === undefined && fingerprint === undefined) {
    return [
      `${join(home, AT_HOME.tufRoot)} is another root than the one there, ${found}; ask the network's team, then give --fingerprint`,
    ]
  }
  return []
}

/** The manifest of the first mirror that has one to believe. */
async function look(
  web: DatabaseServer,
  run: AskingRun,
  upstream: readonly string[],
  scratch: string,
  rootFile: string,
): Promise<Outcome<Manifest, readonly string[]>> {
  const failures = new Failures()
  for (const [at, server] of upstream.entries()) {
    const into = join(scratch, `metadata-${at}`)
    const verifier = new TufVerifier({ folder: join(scratch, `trust-${at}`), rootFile })
    const rootVersion = await verifier.rootVersion()
    const fetched = await fetchMetadata(run, web, { from: server, into, rootVersion })
    if (!fetched.ok) {
      failures.add(fetched.fault)
      continue
    }
    const verified = await verifier.verify(into, run.signal)
    if (verified.ok) return ok(verified.value.manifest)
    const { fault } = verified
    const reason = fault.kind === 'no-manifest' ? 'it has none' : fault.reason
    failures.refuse(run, { server, file: 'the signed manifest' }, reason)
  }
  return nobody(failures.end('tuf/timestamp.json', run))
}

function nobody(end: NotFetched): Outcome<never, readonly string[]> {
  if (end.kind === 'refused') return fail(end.reasons)
  const words =
    end.kind === 'left-alone'
      ? `they ask to be left alone for ${end.seconds} seconds`
      : end.reasons.join('; ')
  throw new TransferError('unreachable', `follow these mirrors: ${words}`)
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
