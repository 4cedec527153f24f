import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, readlink, rename, rm, utimes } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { type Generation, generation, type Serial, serial } from '#base/names.ts'
import type { EpochMs, EpochSeconds } from '#base/time.ts'
import { manifestOf, parseRelease, printRelease, type Release } from '#core/release/index.ts'
import type { ManifestSigner } from '#ports/manifest-signer.ts'
import { linkOrCopy, switchLink, syncFile, syncFolder, writeFileAtomic } from './atomic.ts'
import { datePointers } from './date-pointers.ts'

/** What is public on a master right now. */
export interface PublishedTree {
  readonly release: Release
  readonly generation: Generation
  /** Absolute path of the immutable tree. */
  readonly folder: string
}

export interface ReleaseFolderOptions {
  readonly folder: string
  readonly signer: ManifestSigner
  /** Releases and trees that stay on disk after a newer one is public: readers in flight still use them. */
  readonly kept: number
  /** Told each step by name, in order. Tests end the process here. */
  readonly onStep?: (step: string) => void
}

export interface Publication {
  readonly release: Release
  readonly generation: Generation
  /** Small files that are not part of the release: `timestamp`, pages. By path. */
  readonly pointers: ReadonlyMap<string, string>
  readonly now: EpochMs
}

const RELEASE_FILE = '.release.json'
const BUILDING = /^\.building-/

/**
 * A master's releases on disk (decision 2): `releases/SERIAL/` holds one release's files, `trees/GENERATION/` is what
 * clients see: hard links to a release, its pointers and the signed manifest. Neither changes once it has its name.
 * The link `current` names the public tree and is switched by one rename, so at every instant, a crash included,
 * the old state is public or the new one. Between the two stands the caller's commit; `settle` ends what it began.
 */
export class ReleaseFolder {
  readonly #options: ReleaseFolderOptions
  #published: PublishedTree | undefined

  private constructor(options: ReleaseFolderOptions) {
    this.#options = options
  }

  /** Reads what is public. Throws when that cannot be read. What a crash left behind waits for `settle`. */
  static async open(options: ReleaseFolderOptions): Promise<ReleaseFolder> {
    const opened = new ReleaseFolder(options)
    await mkdir(opened.#path('releases'), { recursive: true })
    await mkdir(opened.#path('trees'), { recursive: true })
    opened.#published = await opened.#readPublic()
    return opened
  }

  get published(): PublishedTree | undefined {
    return this.#published
  }

  /** The link that the rsync module points at. It exists once something was published. */
  get current(): string {
    return this.#path('current')
  }

  /**
   * Makes a release public. `incoming` maps each path that is new or changed to the file it is taken from; every other
   * file is linked from the release that is public now. `commit` is called when all of it is on disk and nothing of it
   * is public; when it throws, the tree stays for `settle` to decide on.
   */
  async publish(
    publication: Publication,
    incoming: ReadonlyMap<string, string>,
    commit: () => Promise<void> = async () => {},
  ): Promise<void> {
    const { release } = publication
    this.#refuseGoingBack(release.serial, publication.generation)
    // What an earlier try left half-way, on a full disk perhaps, would stand in the way under the same numbers.
    await this.#sweep()
    const target = this.#path('releases', String(release.serial))
    if (this.#published?.release.serial !== release.serial) {
      await this.#buildRelease(release, incoming, target)
    }
    const tree = await this.#buildTree(publication, target)
    await commit()
    this.#step('committed')
    await this.#switchTo(tree)
    await this.#sweep()
    this.#step('old releases swept')
  }

  /**
   * Ends what a crash left between two steps: the tree of the generation that was committed becomes public where it is
   * there and newer, and drafts and trees that nobody committed go. Says whether that generation is public now.
   */
  async settle(committed: Generation | undefined): Promise<boolean> {
    const target = committed === undefined ? undefined : join('trees', String(committed))
    const isNewer = (committed ?? -1) > (this.#published?.generation ?? -1)
    const tree = target !== undefined && isNewer ? await this.#readTree(target) : undefined
    if (tree !== undefined) await this.#switchTo(tree)
    await this.#sweep()
    return this.#published?.generation === committed
  }

  /**
   * Makes a verified tree of another master public here as it is: the same release, the same pointers, the same signed
   * manifest. `staged` is its folder, on the same file system.
   */
  async adopt(release: Release, number: Generation, staged: string): Promise<void> {
    this.#refuseGoingBack(release.serial, number)
    await this.#sweep()
    const target = this.#path('releases', String(release.serial))
    const had = this.#published?.release.files
    if (this.#published?.release.serial !== release.serial) {
      const incoming = [...release.files.values()]
        .filter(({ path, sha256 }) => had?.get(path)?.sha256 !== sha256)
        .map(({ path }): [string, string] => [path, join(staged, path)])
      await this.#buildRelease(release, new Map(incoming), target)
    }
    const { draft, folders } = await this.#draftTree(release, number, target)
    for (const entry of await readdir(staged, { recursive: true, withFileTypes: true })) {
      const source = join(entry.parentPath, entry.name)
      const path = relative(staged, source)
      if (!entry.isFile() || release.files.has(path)) continue
      const place = join(draft, path)
      await mkdir(dirname(place), { recursive: true })
      folders.add(dirname(place))
      await linkOrCopy(source, place)
      await syncFile(place)
    }
    this.#step('pointers taken over')
    await this.#switchTo(await this.#placeTree(draft, folders, release, number))
    await this.#sweep()
  }

  async #buildRelease(
    release: Release,
    incoming: ReadonlyMap<string, string>,
    target: string,
  ): Promise<void> {
    const draft = this.#path('releases', `.building-${release.serial}`)
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft)
    this.#step('release folder made')
    const from = this.#path('releases', String(this.#published?.release.serial ?? ''))
    const folders = new Set([draft])
    for (const file of release.files.values()) {
      const place = join(draft, file.path)
      await mkdir(dirname(place), { recursive: true })
      folders.add(dirname(place))
      const source = incoming.get(file.path)
      if (source === undefined) await linkOrCopy(join(from, file.path), place)
      else await takeIn(source, place, file.datedAt)
      this.#step(`release has ${file.path}`)
    }
    await writeFileAtomic(join(draft, RELEASE_FILE), printRelease(release))
    for (const folder of folders) await syncFolder(folder)
    await rename(draft, target)
    await syncFolder(this.#path('releases'))
    this.#step('release in place')
  }

  async #buildTree(publication: Publication, releaseFolder: string): Promise<PublishedTree> {
    const { release, generation: number, pointers, now } = publication
    const { draft, folders } = await this.#draftTree(release, number, releaseFolder)
    const listed = []
    for (const [path, text] of pointers) {
      await writeFileAtomic(join(draft, path), text)
      const sha256 = createHash('sha256').update(text).digest('hex')
      listed.push({ path, bytes: Buffer.byteLength(text), sha256 })
    }
    this.#step('pointers written')
    await this.#options.signer.sign(draft, manifestOf(release, number, listed), now)
    const isOfRelease = (path: string) => release.files.has(path)
    await datePointers(draft, isOfRelease, this.#published?.folder, now)
    this.#step('manifest signed')
    return await this.#placeTree(draft, folders, release, number)
  }

  /** A tree with the release's files in it, under a name that a sweep removes. */
  async #draftTree(
    release: Release,
    number: Generation,
    releaseFolder: string,
  ): Promise<{ readonly draft: string; readonly folders: Set<string> }> {
    const draft = this.#path('trees', `.building-${number}`)
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft)
    const folders = new Set([draft])
    for (const file of release.files.values()) {
      const place = join(draft, file.path)
      await mkdir(dirname(place), { recursive: true })
      folders.add(dirname(place))
      await linkOrCopy(join(releaseFolder, file.path), place)
    }
    this.#step('tree linked')
    return { draft, folders }
  }

  async #placeTree(
    draft: string,
    folders: ReadonlySet<string>,
    release: Release,
    number: Generation,
  ): Promise<PublishedTree> {
    for (const folder of folders) await syncFolder(folder)
    const folder = this.#path('trees', String(number))
    await rename(draft, folder)
    await syncFolder(this.#path('trees'))
    this.#step('tree in place')
    return { release, generation: number, folder }
  }

  async #switchTo(tree: PublishedTree): Promise<void> {
    await switchLink(this.current, join('trees', String(tree.generation)))
    this.#published = tree
    this.#step('current switched')
  }

  #refuseGoingBack(newSerial: Serial, newGeneration: Generation): void {
    const old = this.#published
    if (old === undefined) return
    if (newSerial < old.release.serial || newGeneration <= old.generation) {
      throw new Error(
        `Cannot publish serial ${newSerial} generation ${newGeneration} over ` +
          `serial ${old.release.serial} generation ${old.generation}`,
      )
    }
  }

  async #readPublic(): Promise<PublishedTree | undefined> {
    const target = await readlink(this.current).catch(() => undefined)
    if (target === undefined) return undefined
    const tree = await this.#readTree(target)
    if (tree === undefined) throw new Error(`Cannot read where "${this.current}" points`)
    return tree
  }

  /** Undefined when there is no tree of that name. */
  async #readTree(target: string): Promise<PublishedTree | undefined> {
    const number = generation(Number(basename(target)))
    const folder = this.#path(target)
    if (number === undefined || !existsSync(folder)) return undefined
    const stamp = await readFile(join(folder, 'timestamp'), 'utf8')
    const serialText = /serial (\d+) generation/.exec(stamp)?.[1]
    const releaseFile = this.#path('releases', serialText ?? '?', RELEASE_FILE)
    const parsed = parseRelease(await readFile(releaseFile, 'utf8'))
    if (!parsed.ok) throw new Error(`Cannot read "${releaseFile}": ${parsed.fault.reason}`)
    return { release: parsed.value, generation: number, folder }
  }

  /** Removes drafts, numbers above the public ones (a crash before the switch) and those too old to keep. */
  async #sweep(): Promise<void> {
    const { kept } = this.#options
    const published = this.#published
    await this.#sweepFolder('releases', published?.release.serial ?? 0, kept)
    await this.#sweepFolder('trees', published?.generation ?? 0, kept)
  }

  async #sweepFolder(name: 'releases' | 'trees', newest: number, kept: number): Promise<void> {
    const entries = await readdir(this.#path(name))
    const numbers = entries.map(Number).filter((number) => Number.isInteger(number))
    const keep = new Set(
      numbers
        .filter((number) => number <= newest)
        .toSorted((a, b) => b - a)
        .slice(0, Math.max(kept, 1)),
    )
    for (const entry of entries) {
      if (
        BUILDING.test(entry) ||
        (serial(Number(entry)) !== undefined && !keep.has(Number(entry)))
      ) {
        await rm(this.#path(name, entry), { recursive: true, force: true })
      }
    }
  }

  #path(...parts: readonly string[]): string {
    return join(this.#options.folder, ...parts)
  }

  #step(name: string): void {
    this.#options.onStep?.(name)
  }
}

/** The judged copy itself becomes the published file: same inode, dated, readable, on disk. */
async function takeIn(source: string, place: string, datedAt: EpochSeconds): Promise<void> {
  await linkOrCopy(source, place)
  await chmod(place, 0o644)
  await utimes(place, datedAt, datedAt)
  await syncFile(place)
}
