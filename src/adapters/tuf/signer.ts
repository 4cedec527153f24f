import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Metadata, MetaFile, Snapshot, TargetFile, Targets, Timestamp } from '@tufjs/models'
import type { EpochMs } from '#base/time.ts'
import type { Manifest } from '#core/release/manifest.ts'
import type { ManifestSigner } from '#ports/manifest-signer.ts'
import { writeFileAtomic } from '../disk/index.ts'
import { expiry, json, loadTufKey, type OnlineRole, SPEC_VERSION, type TufKey } from './keys.ts'

/** Freshness: as long as a mirror may stay unreached before it leaves the list (R113). Re-signed every six hours. */
const TIMESTAMP_LIFE_MS = 2 * 24 * 3_600_000
/** Content: re-signed with each generation as well, so this only bounds the use of a stolen old file. */
const CONTENT_LIFE_MS = 30 * 24 * 3_600_000

/**
 * Signs a tree's manifest as TUF metadata (decision 6): `tuf/targets.json` lists every file of release and pointers,
 * `tuf/snapshot.json` and `tuf/timestamp.json` tie it to one generation. The version of all three is the generation,
 * which only grows, so a client that has seen one never takes an older one.
 */
export class TufSigner implements ManifestSigner {
  readonly #rootFile: string
  readonly #keys: Readonly<Record<OnlineRole, TufKey>>

  private constructor(rootFile: string, keys: Readonly<Record<OnlineRole, TufKey>>) {
    this.#rootFile = rootFile
    this.#keys = keys
  }

  /** `folder` holds `root.json` and the online keys, as `makeNetworkKeys` writes them. */
  static async load(folder: string): Promise<TufSigner> {
    return new TufSigner(join(folder, 'root.json'), {
      targets: await loadTufKey(folder, 'targets'),
      snapshot: await loadTufKey(folder, 'snapshot'),
      timestamp: await loadTufKey(folder, 'timestamp'),
    })
  }

  async sign(folder: string, manifest: Manifest, now: EpochMs): Promise<void> {
    const tuf = join(folder, 'tuf')
    await mkdir(tuf, { recursive: true })
    const version = manifest.generation
    const common = { version, specVersion: SPEC_VERSION }
    const targets = new Targets({
      ...common,
      expires: expiry(now, CONTENT_LIFE_MS),
      targets: Object.fromEntries(
        [...manifest.files.values()].map(({ path, bytes, sha256 }) => [
          path,
          new TargetFile({ path, length: bytes, hashes: { sha256 } }),
        ]),
      ),
      unrecognizedFields: {
        cvdnet: { serial: manifest.serial, generation: manifest.generation },
      },
    })
    const targetsText = await this.#write('targets', targets, tuf)
    const snapshot = new Snapshot({
      ...common,
      expires: expiry(now, CONTENT_LIFE_MS),
      meta: { 'targets.json': metaFile(version, targetsText) },
    })
    const snapshotText = await this.#write('snapshot', snapshot, tuf)
    const timestamp = new Timestamp({
      ...common,
      expires: expiry(now, TIMESTAMP_LIFE_MS),
      snapshotMeta: metaFile(version, snapshotText),
    })
    await this.#write('timestamp', timestamp, tuf)
    await this.#copyRoot(tuf)
  }

  async #write(
    role: OnlineRole,
    signed: Targets | Snapshot | Timestamp,
    folder: string,
  ): Promise<string> {
    const metadata = new Metadata(signed)
    metadata.sign((data) => this.#keys[role].sign(data))
    const text = json(metadata)
    await writeFileAtomic(join(folder, `${role}.json`), text)
    return text
  }

  /** Under both names that clients ask for: the newest, and the one of its version. */
  async #copyRoot(folder: string): Promise<void> {
    const text = await readFile(this.#rootFile, 'utf8')
    const version = /"version":\s*(\d+)/.exec(text)?.[1] ?? '1'
    await copyFile(this.#rootFile, join(folder, 'root.json'))
    await copyFile(this.#rootFile, join(folder, `${version}.root.json`))
  }
}

function metaFile(version: number, text: string): MetaFile {
  return new MetaFile({
    version,
    length: Buffer.byteLength(text),
    hashes: { sha256: createHash('sha256').update(text).digest('hex') },
  })
}
