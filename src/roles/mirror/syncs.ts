/** The syncs of a mirror: one at a time, by the settings that hold when it is asked for. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { JournalFile } from '#adapters/disk/index.ts'
import { RsyncTransfer } from '#adapters/rsync/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { TufVerifier } from '#adapters/tuf/index.ts'
import { DELETE_SHARE_MAX, REBUILD_BYTES_MIN } from '#core/sync/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { ManifestVerifier } from '#ports/manifest-signer.ts'
import { carriedAt } from './carried.ts'
import type { ChangeReport } from './changes.ts'
import { openWeb } from './open-web.ts'
import { type SyncEnd, SyncRunner, type Voice } from './runner.ts'
import type { MirrorSettings } from './settings.ts'
import { UPSTREAM } from './source.ts'

export interface SyncRules {
  readonly deleteShareMax?: number
  /** Databases are made again out of patches where that can be; true unless told. */
  readonly rebuild?: boolean
  /** From so many bytes on. */
  readonly rebuildBytesMin?: number
  readonly clock?: Clock
  /** For tests: who is believed instead of TUF. */
  readonly manifests?: ManifestVerifier
  readonly onStep?: (step: string) => void
}

interface Around {
  readonly onSwitched?: () => Promise<void>
  readonly signal: AbortSignal
}

export class Syncs {
  readonly #around: Around
  readonly #running = new Set<Promise<unknown>>()
  #settings: MirrorSettings
  #rules: SyncRules
  #runner: SyncRunner

  private constructor(settings: MirrorSettings, rules: SyncRules, around: Around) {
    this.#around = around
    this.#settings = settings
    this.#rules = rules
    this.#runner = makeRunner(settings, rules, around)
  }

  static async open(settings: MirrorSettings, rules: SyncRules, around: Around): Promise<Syncs> {
    await mkdir(settings.state, { recursive: true, mode: 0o700 })
    return new Syncs(settings, rules, around)
  }

  /** Whom a mirror asks by itself. */
  get ownSources(): readonly string[] {
    const { upstream, masters } = this.#settings.conf
    return upstream.length > 0 ? [UPSTREAM] : [...masters.keys()]
  }

  run(master: string, voice: Voice): Promise<SyncEnd> {
    const run = this.#runner.run(master, voice, this.#around.signal)
    this.#running.add(run)
    return run.finally(() => this.#running.delete(run))
  }

  /** Carries out what a killed run left. */
  resume(voice: Voice): Promise<void> {
    return this.#runner.resume(voice, this.#around.signal)
  }

  /** Resolves when those that were asked for have ended. */
  async atRest(): Promise<void> {
    await Promise.allSettled(this.#running)
  }

  /** For syncs from now on; one that runs goes on as it began. */
  async follow(settings: MirrorSettings, rules: SyncRules, report: ChangeReport): Promise<void> {
    const use = (wanted: MirrorSettings, by: SyncRules) => {
      this.#runner = makeRunner(wanted, by, this.#around)
      this.#settings = wanted
      this.#rules = by
    }
    await report.follow('clam-clientsync.conf', told(this.#settings), told(settings), () =>
      use(settings, this.#rules),
    )
    await report.follow('sync', ruled(this.#rules), ruled(rules), () => use(settings, rules))
  }
}

/** All of it that is data. */
function told({ conf, tufRoot, publishers }: MirrorSettings): unknown {
  return { conf, tufRoot, publishers }
}

function ruled({ deleteShareMax, rebuild, rebuildBytesMin }: SyncRules): unknown {
  return { deleteShareMax, rebuild, rebuildBytesMin }
}

function makeRunner(
  settings: MirrorSettings,
  rules: SyncRules,
  { onSwitched }: Around,
): SyncRunner {
  const { state, tufRoot } = settings
  const { rebuild = true, rebuildBytesMin = REBUILD_BYTES_MIN, clock = systemClock } = rules
  const trust = { folder: join(state, 'tuf'), rootFile: tufRoot }
  const world = {
    settings,
    transfer: new RsyncTransfer(),
    openWeb: () => openWeb(settings.conf.proxy),
    manifests: rules.manifests ?? new TufVerifier(trust),
    carried: rules.manifests ?? new TufVerifier({ ...trust, now: carriedAt(clock) }),
    clock,
    deleteShareMax: rules.deleteShareMax ?? DELETE_SHARE_MAX,
    rebuildBytesMin: rebuild ? rebuildBytesMin : Number.POSITIVE_INFINITY,
    ...(onSwitched && { onSwitched }),
    ...(rules.onStep && { onStep: rules.onStep }),
  }
  return new SyncRunner(world, new JournalFile(join(state, 'journal.jsonl')))
}
