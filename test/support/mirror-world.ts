/** A master's side for the tests of a mirror: real keys, real TUF, a real rsync daemon, and trees made to order. */
import { createHash } from 'node:crypto'
import { mkdir, mkdtempDisposable, readFile, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { switchLink } from '#adapters/disk/index.ts'
import { drawSalt, newPublisherSecrets } from '#adapters/keys/index.ts'
import { RsyncDaemon } from '#adapters/rsync/index.ts'
import { makeNetworkKeys, TufSigner } from '#adapters/tuf/index.ts'
import { epochMs, epochSeconds } from '#base/time.ts'
import { signerOf } from '#core/databases/index.ts'
import type { ManifestFile } from '#core/release/index.ts'
import { buildDatabase, HEADER_BYTES, parseHeader } from '#formats/cvd/index.ts'
import { type PublisherSecrets, printPublisherKeys, publicKeys } from '#formats/dsig/index.ts'
import { aGeneration, aName, aSerial, aVersion } from './values.ts'

/** Build time of version 1; each version is an hour younger. */
export const BUILT = 1_700_000_000
export const PASSWORD = 'pass word'

export type Files = Readonly<Record<string, string | Uint8Array>>

export interface MirrorWorld extends AsyncDisposable {
  readonly dir: string
  readonly home: string
  readonly conf: string
  readonly docroot: string
  readonly state: string
  readonly rsyncPort: number
  /** Of the publisher whom the mirror knows. */
  readonly secrets: PublisherSecrets
  /** A signed database. `as` puts it under another name than its content has. */
  cvd(name: string, version: number, text?: string): Uint8Array
  /** Makes a tree, signs it, and shows it. `after` may spoil it before it is shown. */
  publish(generation: number, files: Files, options?: PublishTreeOptions): Promise<string>
  /** Shows an earlier tree again. */
  show(generation: number): Promise<void>
  writeConf(change?: Readonly<Record<string, string>>): Promise<void>
}

export interface PublishTreeOptions {
  readonly serial?: number
  /** Unix milliseconds; now unless told. */
  readonly signedAt?: number
  readonly spoil?: (tree: string) => Promise<void>
}

let shared: Promise<PublisherSecrets> | undefined

export async function mirrorWorld(): Promise<MirrorWorld> {
  await using stack = new AsyncDisposableStack()
  const temporary = stack.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-mirror-')))
  const dir = temporary.path
  const home = join(dir, 'home')
  const at = {
    master: join(dir, 'master'),
    conf: join(home, 'etc', 'clam-clientsync.conf'),
    docroot: join(dir, 'htdocs'),
    state: join(dir, 'state'),
  }
  await mkdir(dirname(at.conf), { recursive: true })
  await mkdir(join(at.master, 'rsyncd'), { recursive: true })
  shared ??= newPublisherSecrets('acme')
  const secrets = await shared
  await writeFile(join(home, 'etc', 'acme.json'), printPublisherKeys(publicKeys(secrets)))
  await makeNetworkKeys(join(at.master, 'keys'), epochMs(Date.now()))
  const signer = await TufSigner.load(join(at.master, 'keys'))
  await switchLink(join(at.master, 'current'), 'nothing')
  const daemon = stack.use(
    await RsyncDaemon.start({
      host: '127.0.0.1',
      port: 0,
      module: 'clamavdb',
      path: join(at.master, 'current'),
      logins: [{ user: 'mirror1', password: PASSWORD }],
      folder: join(at.master, 'rsyncd'),
    }),
  )
  const writeConf = (change: Readonly<Record<string, string>> = {}) =>
    writeFile(
      at.conf,
      Object.entries({
        TO: at.docroot,
        RSYNC_USER: 'mirror1',
        RSYNC_PASSWORD: PASSWORD,
        MASTERS: `rsync1=127.0.0.1:${daemon.port} gone=127.0.0.1:1`,
        TUF_ROOT: join(at.master, 'keys', 'root.json'),
        PUBLISHER_KEYS: join(home, 'etc', 'acme.json'),
        STATE: at.state,
        ...change,
      })
        .map(([key, value]) => `${key}='${value}'\n`)
        .join(''),
    )
  await writeConf()
  const owned = stack.move()
  const show = (generation: number) => switchLink(join(at.master, 'current'), String(generation))
  return {
    dir,
    home,
    ...at,
    rsyncPort: daemon.port,
    secrets,
    writeConf,
    show,
    cvd: (name, version, text = 'x') => database(secrets, name, version, text),
    async publish(generation, files, { serial = generation, signedAt = Date.now(), spoil } = {}) {
      const tree = join(at.master, String(generation))
      const numbers = { serial: aSerial(serial), generation: aGeneration(generation) }
      const listed = await writeTree(tree, files, generation)
      await signer.sign(tree, { ...numbers, files: listed }, epochMs(signedAt))
      await spoil?.(tree)
      await show(generation)
      return tree
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Signatures are salted, so that a second one of the same content would be another file. */
const databases = new Map<string, Uint8Array>()

/** The same bytes for the same arguments. */
export function database(
  secrets: PublisherSecrets,
  name: string,
  version: number,
  text: string,
): Uint8Array {
  const key = `${secrets.publisher} ${name} ${version} ${text}`
  const built = databases.get(key) ?? build(secrets, name, version, text)
  databases.set(key, built)
  return built
}

/** The build time is what it says: a build that was moved by a second, because its MD5 began with 00, is made again. */
function build(secrets: PublisherSecrets, name: string, version: number, text: string): Uint8Array {
  const builtAt = epochSeconds(BUILT + version * 3600)
  const built = buildDatabase({
    kind: 'cvd',
    name: aName(name),
    version: aVersion(version),
    members: new Map([[`${name}.ndb`, Buffer.from(`${text} ${version}\n`)]]),
    builder: 'acme',
    builtAt,
    functionalityLevel: 90,
    signatures: 1,
    signer: signerOf(secrets, drawSalt),
  })
  const header = parseHeader(built.subarray(0, HEADER_BYTES), 'strict')
  const isMoved = header.ok && header.value.builtAt !== builtAt
  return isMoved ? build(secrets, name, version, text) : built
}

/** All files of a generation have one time, different from that of the next. */
async function writeTree(
  tree: string,
  files: Files,
  generation: number,
): Promise<ReadonlyMap<string, ManifestFile>> {
  const listed = new Map<string, ManifestFile>()
  for (const [path, content] of Object.entries(files)) {
    const file = join(tree, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
    const time = BUILT + generation
    await utimes(file, time, time)
    const bytes = await readFile(file)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    listed.set(path, { path, bytes: bytes.byteLength, sha256 })
  }
  return listed
}
