/**
 * A mirror that pulls by itself, besides the masters' calls: one that nobody can call does so from `UPSTREAM`, and one whose
 * masters may miss it from the first of them that answers (promise 5, R103). What brings nothing new is not told.
 */
import type { Clock } from '#ports/clock.ts'
import type { ChangeReport } from './changes.ts'
import type { SyncEnd, Voice } from './runner.ts'
import type { Syncs } from './syncs.ts'

/** A pull that failed is tried again so soon, or at its usual time if that is sooner. */
const AGAIN_MS = 5 * 60_000
/** So far a pull may come before or after its time, so that mirrors set up together do not come together. */
const SPREAD = 0.1

interface Around {
  readonly syncs: Syncs
  readonly clock: Clock
  /** From 0 to 1. */
  readonly draw: () => number
  readonly voice: Voice
}

export class OwnPulls implements AsyncDisposable {
  readonly #around: Around
  #everyMs: number | undefined
  #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(everyMs: number | undefined, around: Around) {
    this.#around = around
    this.#everyMs = everyMs
    this.#begin()
  }

  async follow(everyMs: number | undefined, report: ChangeReport): Promise<void> {
    await report.follow('pull interval', this.#everyMs, everyMs, () => {
      this.#stop.abort()
      this.#everyMs = everyMs
      this.#begin()
    })
  }

  #begin(): void {
    const [everyMs, before] = [this.#everyMs, this.#running]
    this.#stop = new AbortController()
    const { signal } = this.#stop
    if (everyMs === undefined) return
    this.#running = before.then(() => this.#loop(everyMs, signal))
  }

  async #loop(everyMs: number, signal: AbortSignal): Promise<void> {
    const { clock, draw } = this.#around
    while (!signal.aborted) {
      const waitMs = (await this.#pull(signal)) ? everyMs : Math.min(everyMs, AGAIN_MS)
      const spread = 1 + SPREAD * (2 * draw() - 1)
      await clock.sleep(waitMs * spread, signal).catch(() => {})
    }
  }

  /** From the first source that has something to believe; false when none had. */
  async #pull(signal: AbortSignal): Promise<boolean> {
    const { syncs, voice } = this.#around
    const sources = syncs.ownSources
    if (sources.length === 0)
      voice.complain('UPSTREAM and MASTERS of the conf name nobody to pull from')
    for (const source of sources) {
      if (signal.aborted) return true
      const end = await syncs.run(source, unlessNothingIsNew(voice))
      if (isWell(end)) return true
    }
    return false
  }

  /** A pull under way is the owner's to stop. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#running
  }
}

function isWell({ kind }: SyncEnd): boolean {
  return kind === 'done' || kind === 'queued'
}

/** Holds back what is said until a file comes or something is wrong. */
function unlessNothingIsNew({ print, complain }: Voice): Voice {
  let held: string[] | undefined = []
  const letGo = () => {
    for (const line of held ?? []) print(line)
    held = undefined
  }
  return {
    print: (line) => {
      if (line.startsWith('  ')) letGo()
      if (held === undefined) print(line)
      else held.push(line)
    },
    complain: (line) => {
      letGo()
      complain(line)
    },
  }
}
