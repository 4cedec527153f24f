import { cp, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Fetcher, Updater } from 'tuf-js'
// NOTE: tuf-js does not export this from its door, and tells "no newer root" from a failure only by this class.
import { DownloadHTTPError } from 'tuf-js/dist/error.js'
import { generation, serial } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { type EpochMs, epochMs } from '#base/time.ts'
import type { Manifest, ManifestFile } from '#core/release/manifest.ts'
import type { ManifestFault, ManifestVerifier, VerifiedManifest } from '#ports/manifest-signer.ts'
import { writeFileAtomic } from '../disk/index.ts'

/** Metadata of a network with thousands of files stays far below this; beyond it somebody is feeding us. */
const METADATA_BYTES_MAX = 8 * 1024 * 1024
/** Where tuf-js is told the metadata is. Nothing is fetched from it: our fetcher reads the staged folder. */
const STAGED = 'https://staged.invalid/tuf'
const ORDER = ['root', 'targets', 'snapshot', 'timestamp'] as const

/**
 * Believes a staged tree's manifest only along TUF's chain from the network's root (TUF 1.0, section 5): signatures,
 * versions that never fall, expiry. What is trusted lives in `folder` and moves only when a manifest is accepted.
 */
export class TufVerifier implements ManifestVerifier {
  readonly #folder: string
  readonly #rootFile: string
  readonly #now: () => EpochMs

  /**
   * `rootFile` is the root of the mirror's kit; it is used once, after that `folder` has the newest trusted one. `now` is the
   * time by which something has expired or not.
   */
  constructor(options: {
    readonly folder: string
    readonly rootFile: string
    readonly now?: () => EpochMs
  }) {
    this.#folder = options.folder
    this.#rootFile = options.rootFile
    this.#now = options.now ?? (() => epochMs(Date.now()))
  }

  /** Of the root that is trusted now. Throws for a `rootFile` that is none. */
  async rootVersion(): Promise<number> {
    const trusted = join(this.#folder, 'root.json')
    return await rootVersionOf(trusted).catch(() => rootVersionOf(this.#rootFile))
  }

  async verify(
    folder: string,
    signal: AbortSignal,
  ): Promise<Outcome<VerifiedManifest, ManifestFault>> {
    signal.throwIfAborted()
    await mkdir(this.#folder, { recursive: true })
    if (!(await exists(join(folder, 'tuf', 'timestamp.json')))) {
      return fail({ kind: 'no-manifest', file: 'tuf/timestamp.json' })
    }
    const scratch = await mkdtemp(`${this.#folder}.next-`)
    try {
      await this.#copyTrusted(scratch)
      const updater = new Updater({
        metadataDir: scratch,
        metadataBaseUrl: STAGED,
        fetcher: new FolderFetcher(join(folder, 'tuf')),
        config: { targetsMaxLength: METADATA_BYTES_MAX, snapshotMaxLength: METADATA_BYTES_MAX },
      })
      // NOTE: tuf-js judges by a time that it takes when it is made, and offers no other way to tell it one.
      Object.assign(updater['trustedSet'], { referenceTime: new Date(this.#now()) })
      await updater.refresh()
      const texts = new Map<string, string>()
      for (const role of ORDER) {
        texts.set(role, await readFile(join(scratch, `${role}.json`), 'utf8'))
      }
      const manifest = parseTargets(texts.get('targets') ?? '')
      if (manifest === undefined) {
        return fail({ kind: 'manifest-not-trusted', reason: 'tuf/targets.json has no serial' })
      }
      const text = texts.get('root') ?? ''
      const root = { version: rootVersionIn(text) ?? 1, text }
      return ok({ manifest, root, accept: () => this.#accept(texts) })
    } catch (error) {
      signal.throwIfAborted()
      return fail({ kind: 'manifest-not-trusted', reason: innermost(error) })
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  }

  async #copyTrusted(scratch: string): Promise<void> {
    if (await exists(join(this.#folder, 'root.json'))) {
      await cp(this.#folder, scratch, { recursive: true })
    } else {
      await cp(this.#rootFile, join(scratch, 'root.json'))
    }
  }

  /** One file after the other: every state between is checked again from the root at the next start. */
  async #accept(texts: ReadonlyMap<string, string>): Promise<void> {
    for (const role of ORDER) {
      await writeFileAtomic(join(this.#folder, `${role}.json`), texts.get(role) ?? '')
    }
  }
}

/** Throws for a file that is none. */
export async function rootVersionOf(rootFile: string): Promise<number> {
  const version = rootVersionIn(await readFile(rootFile, 'utf8'))
  if (version === undefined) throw new Error(`"${rootFile}" is no root of a network`)
  return version
}

/** Of a root's text; undefined: it is none. */
export function rootVersionIn(text: string): number | undefined {
  const document = parseJson(text)
  const signed = isRecord(document) ? document['signed'] : undefined
  const version = isRecord(signed) && signed['_type'] === 'root' ? signed['version'] : undefined
  return typeof version === 'number' && Number.isInteger(version) ? version : undefined
}

class FolderFetcher implements Fetcher {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async downloadBytes(url: string, maxLength: number): Promise<Buffer> {
    const file = join(this.#folder, decodeURIComponent(url.slice(STAGED.length + 1)))
    const size = await stat(file).catch(() => undefined)
    if (size === undefined) throw new DownloadHTTPError(`No such file: ${url}`, 404)
    if (!size.isFile() || size.size > maxLength) {
      throw new Error(`"${url.slice(STAGED.length + 1)}" is larger than ${maxLength} bytes`)
    }
    return await readFile(file)
  }

  downloadFile<T>(): Promise<T> {
    return Promise.reject(new Error('Cannot download target files: only metadata is read here'))
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What `targets.json` lists, whoever signed it. Undefined: it is none of ours. */
export function parseTargets(text: string): Manifest | undefined {
  const document = parseJson(text)
  const signed = isRecord(document) ? document['signed'] : undefined
  if (!isRecord(signed)) return undefined
  const numbers = signed['cvdnet']
  const listed = signed['targets']
  if (!isRecord(numbers) || !isRecord(listed)) return undefined
  const serialNumber = serial(Number(numbers['serial']))
  const generationNumber = generation(Number(numbers['generation']))
  if (serialNumber === undefined || generationNumber === undefined) return undefined
  const files = new Map<string, ManifestFile>()
  for (const [path, entry] of Object.entries(listed)) {
    const file = parseFile(path, entry)
    if (file === undefined) return undefined
    files.set(path, file)
  }
  return { serial: serialNumber, generation: generationNumber, files }
}

/** Plain relative paths only: what is signed may still come from a master that was broken into. */
const SAFE_PATH = /^(?!.*(?:^|\/)\.)[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/

function parseFile(path: string, entry: unknown): ManifestFile | undefined {
  if (!SAFE_PATH.test(path) || !isRecord(entry) || !isRecord(entry['hashes'])) return undefined
  const bytes = entry['length']
  const sha256 = entry['hashes']['sha256']
  if (typeof bytes !== 'number' || typeof sha256 !== 'string') return undefined
  return { path, bytes, sha256 }
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined
}

function innermost(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/\s+/g, ' ').slice(0, 300)
}
