/**
 * What the network says of itself, by the signed manifest that each of its mirrors has (TUF, decision 6). With it a client
 * knows what no mirror and no name server can make it believe: that a mirror is not behind what it has seen before, that its
 * files are those that were published, and that none of this is older than two days.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failures, fetchMetadata } from '#adapters/database-server/index.ts'
import { makeFolders, sha256File } from '#adapters/disk/index.ts'
import { TufVerifier } from '#adapters/tuf/index.ts'
import type { DbName } from '#base/names.ts'
import type { Manifest } from '#core/release/index.ts'
import type { NotFetched } from '#core/update/index.ts'
import { parseCdiffName } from '#formats/cdiff/index.ts'
import type { VerifiedManifest } from '#ports/manifest-signer.ts'
import type { UpdateRun } from './world.ts'

type LookingRun = Omit<UpdateRun, 'network'>

export class Network {
  readonly #run: LookingRun
  readonly #folder: string
  readonly #rootFile: string
  readonly #manifests = new Map<string, Manifest>()
  readonly #failures = new Failures()

  private constructor(run: LookingRun, rootFile: string) {
    this.#run = run
    this.#rootFile = rootFile
    this.#folder = join(run.scratch, 'network')
  }

  /** Asks every server. Those without a manifest to believe are left out of the run, those with an older one come last. */
  static async look(run: LookingRun, rootFile: string): Promise<Network> {
    const network = new Network(run, rootFile)
    let newest: VerifiedManifest | undefined
    for (const server of run.walk.order) {
      const verified = await network.#lookAt(server)
      if (verified === undefined) continue
      if (verified.manifest.generation >= (newest?.manifest.generation ?? 0)) newest = verified
    }
    await newest?.accept()
    const { generation = 0 } = newest?.manifest ?? {}
    for (const server of run.walk.order) {
      const manifest = network.#manifests.get(server)
      if (manifest === undefined) run.walk.leaveOut(server)
      else if (manifest.generation < generation) run.walk.putLast(server)
    }
    return network
  }

  /** Why nothing can be done at all. */
  get end(): NotFetched | undefined {
    return this.#manifests.size > 0
      ? undefined
      : this.#failures.end('tuf/timestamp.json', this.#run)
  }

  /**
   * Why a file that came from a server is not to be used. One that does not fit is looked up once more: a release may have
   * come in between.
   */
  async refuse(server: string, file: string, path: string): Promise<string | undefined> {
    const sha256 = await sha256File(path, this.#run.signal)
    const fits = () => this.#manifests.get(server)?.files.get(file)?.sha256 === sha256
    if (fits()) return undefined
    await this.#lookAt(server)
    return fits() ? undefined : 'it is not what the network has published'
  }

  /** Why a server cannot have nothing newer than this version: it has patches beyond it. */
  refuseVersion(server: string, name: DbName, version: number): string | undefined {
    const files = this.#manifests.get(server)?.files.keys() ?? []
    for (const file of files) {
      const patch = parseCdiffName(file)
      if (patch?.database === name && patch.version > version) {
        return `it shows version ${version}, and the network has published a patch to ${patch.version}`
      }
    }
    return undefined
  }

  /** Undefined: it has none that is believed, which is noted. */
  async #lookAt(server: string): Promise<VerifiedManifest | undefined> {
    const { directory, signal } = this.#run
    const tree = this.#folder
    await rm(tree, { recursive: true, force: true })
    await makeFolders(join(tree, 'tuf'), 0o700)
    const trusted = join(directory, '.cvdnet', 'tuf')
    const verifier = new TufVerifier({ folder: trusted, rootFile: this.#rootFile })
    const fetched = await fetchMetadata(this.#run, this.#run.server, {
      from: server,
      into: tree,
      rootVersion: await verifier.rootVersion(),
    })
    if (!fetched.ok) {
      this.#failures.add(fetched.fault)
      return undefined
    }
    const verdict = await verifier.verify(tree, signal)
    if (verdict.ok) {
      this.#manifests.set(server, verdict.value.manifest)
      return verdict.value
    }
    const { fault } = verdict
    const reason = fault.kind === 'no-manifest' ? 'it has no manifest' : fault.reason
    this.#failures.refuse(this.#run, { server, file: 'the network’s manifest' }, reason)
    return undefined
  }
}
