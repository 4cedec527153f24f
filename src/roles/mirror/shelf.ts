import { MirrorTrees } from '#adapters/disk/index.ts'
import { loadSnapshot, type Snapshot } from '#adapters/http/index.ts'
import type { Clock } from '#ports/clock.ts'
import { readTree } from './tree-record.ts'

/** How often a running mirror looks whether another process (`cvdnet clientsync`) has switched the tree. */
const LOOK_FOR_SWITCH_MS = 1_000
/** In a row: a trouble that lasts. */
const FAILURES_TOLD_AT = 10

/** The served tree, in memory. */
export class Shelf {
  snapshot: Snapshot | undefined
  /** Whoever serves it; a release counts as served when this has resolved. */
  publish: (snapshot: Snapshot) => Promise<void> = async () => {}
  served: { readonly serial: number; readonly generation: number } | undefined
  readonly #trees: MirrorTrees
  #refreshed: Promise<void> = Promise.resolve()

  constructor(state: string) {
    this.#trees = new MirrorTrees(state)
  }

  /** One after the other: whoever asked first with an older release would come last otherwise, and take the newer one away. */
  refresh(signal: AbortSignal): Promise<void> {
    const refreshed = this.#refreshed.then(() => this.#refresh(signal))
    this.#refreshed = refreshed.catch(() => {})
    return refreshed
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    const tree = readTree(await this.#trees.current())
    if (tree === undefined || tree.record.generation === this.served?.generation) return
    const { serial, generation, files } = tree.record
    const lastModified = (path: string) => files.get(path)?.lastModified
    const snapshot = await loadSnapshot(tree.folder, { lastModified, signal })
    await this.publish(snapshot)
    this.snapshot = snapshot
    this.served = { serial, generation }
  }

  async keepFresh(
    clock: Clock,
    onFault: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      await clock.sleep(LOOK_FOR_SWITCH_MS, signal)
      try {
        await this.refresh(signal)
        failures = 0
      } catch (error) {
        // A tree may go while it is read, when two releases follow each other closely; the next look finds the newer one.
        failures += 1
        if (failures === FAILURES_TOLD_AT) onFault(`the newest tree cannot be served: ${error}`)
      }
    }
  }
}
