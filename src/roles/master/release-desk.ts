import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type FrozenFile, freeze, keepAside, makeFolders, takeOut } from '#adapters/disk/index.ts'
import type { Generation } from '#base/names.ts'
import { unreachable } from '#base/outcome.ts'
import { toSeconds } from '#base/time.ts'
import type { Changes } from '#core/changes/index.ts'
import { describeReason, type GateReason, type Releaser, type Verdict } from '#core/gate/index.ts'
import { isUploadInProgress } from '#core/intake/index.ts'
import { planRelease, type Release } from '#core/release/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { Journal } from '#ports/journal.ts'
import type { SshCall } from '#ports/ssh-door.ts'
import { type Assessed, assess } from './assess.ts'
import { cutHeaders } from './cut-headers.ts'
import { makeLegacyFiles } from './make-legacy-files.ts'
import type { MasterPublisher } from './options.ts'
import type { Publisher } from './publisher.ts'
import type { ExamineContext } from './upload-files.ts'
import { describeChanges, describeFiles } from './words.ts'

export interface DeskOptions {
  /** For frozen sets under judgement and for refused ones. */
  readonly state: string
  readonly publisher: Publisher
  readonly publishers: readonly MasterPublisher[]
  readonly clock: Clock
  readonly journal: Journal
  /** Tells subscribers what is new. */
  readonly tell?: (
    before: Release | undefined,
    release: Release,
    changes: ReadonlyMap<string, Changes>,
  ) => Promise<void>
  /** Told each step by name, in order. Tests end the process here. */
  readonly onStep?: (step: string) => void
}

/** Refused uploads that are kept for a look. Guess: a week of a clumsy sigmaker. */
const REFUSED_KEPT = 50

export type DeskOutcome =
  | { readonly kind: 'published'; readonly release: Release; readonly generation: Generation }
  | { readonly kind: 'already-published' }
  | { readonly kind: 'refused'; readonly reasons: readonly GateReason[] }

interface Upload {
  readonly id: string
  /** Where the sigmaker put it, and the copy that is judged. */
  readonly folder: string
  readonly frozenFolder: string
  readonly frozen: readonly FrozenFile[]
  /** For what is unpacked and made on the way. */
  readonly scratch: string
}

/**
 * Where a trigger becomes a release (architecture 3.2 to 3.5): freeze, examine, judge, publish. One at a time, of all
 * masters of a store; a second trigger waits its turn (decision 11).
 */
export class ReleaseDesk {
  readonly #options: DeskOptions
  #queue: Promise<unknown> = Promise.resolve()
  #busy = 0
  /** What is being judged and published, or was asked for by somebody who waits for it. */
  readonly #underWay = new Set<Promise<unknown>>()

  private constructor(options: DeskOptions) {
    this.#options = options
  }

  /** Sweeps sets that a crash left under judgement, with all that was made for them. */
  static async open(options: DeskOptions): Promise<ReleaseDesk> {
    await rm(join(options.state, 'intake'), { recursive: true, force: true })
    return new ReleaseDesk(options)
  }

  /** Judges and publishes what lies in the sigmaker's folder. */
  release(sigmaker: Releaser, folder: string, call: SshCall): Promise<DeskOutcome> {
    if (this.#busy > 0) call.print('another release is under way; this one waits its turn')
    const say = (line: string) => call.print(line)
    return this.#counted(this.#alone(() => this.#release(sigmaker, folder, call), say, call.signal))
  }

  /** Ends what a crash left open, and shows a new network's mirrors an empty release. */
  start(say: (line: string) => void, signal: AbortSignal): Promise<void> {
    return this.#alone(() => this.#counted(this.#options.publisher.publishFirst()), say, signal)
  }

  /**
   * Shows what was committed and is not public yet, by this master or by another. True when it was taken over from
   * another. Throws `StoreError` when the store is away.
   */
  catchUp(): Promise<boolean> {
    return this.#inTurn(() => this.#counted(this.#options.publisher.catchUp()))
  }

  /** New pointers for the release that is public: freshness without content (decision 8). */
  renew(say: (line: string) => void, signal: AbortSignal): Promise<void> {
    return this.#alone(() => this.#counted(this.#options.publisher.renew()), say, signal)
  }

  /**
   * Resolves when nothing is being judged or published. Undefined: nothing is. What this master does by itself and has not
   * begun, because the store is away, is left to the next start.
   */
  underWay(): Promise<void> | undefined {
    return this.#underWay.size === 0 ? undefined : this.#rest()
  }

  async #rest(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled([...this.#underWay])
  }

  async #counted<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
    }
  }

  #alone<T>(work: () => Promise<T>, say: (line: string) => void, signal: AbortSignal): Promise<T> {
    return this.#inTurn(() => this.#options.publisher.alone(work, say, signal))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#busy += 1
    const turn = this.#queue.then(work, work).finally(() => {
      this.#busy -= 1
    })
    this.#queue = turn.catch(() => {})
    return turn
  }

  async #release(sigmaker: Releaser, folder: string, call: SshCall): Promise<DeskOutcome> {
    const { clock, state } = this.#options
    const id = `${new Date(clock.now()).toISOString().replaceAll(':', '')}-${sigmaker.name}`
    const frozenFolder = join(state, 'intake', id)
    // Below `intake` as well, so that what a crash leaves is swept with it.
    const scratch = `${frozenFolder}.work`
    try {
      const frozen = await freeze(folder, frozenFolder, isUploadInProgress)
      await makeFolders(scratch, 0o700)
      this.#step('upload frozen')
      return await this.#judge(sigmaker, { id, frozenFolder, folder, frozen, scratch }, call)
    } finally {
      await rm(scratch, { recursive: true, force: true })
      await rm(frozenFolder, { recursive: true, force: true })
    }
  }

  async #judge(sigmaker: Releaser, upload: Upload, call: SshCall): Promise<DeskOutcome> {
    const { publisher, clock, publishers } = this.#options
    const { signal } = call
    const context = { publishers, scratch: upload.scratch, now: clock.now(), signal }
    const print = (line: string) => call.print(line)
    const assessed = await assess(upload.frozen, sigmaker, publisher.published, context, print)
    const { verdict } = assessed
    this.#step('judged')
    switch (verdict.kind) {
      case 'refused':
        await this.#refuse(sigmaker, upload, verdict, call)
        return verdict
      case 'already-published':
        call.print('these very bytes are published already')
        await takeOut(upload.folder, upload.frozen)
        return verdict
      case 'accepted': {
        const outcome = await this.#accept(
          sigmaker,
          upload,
          { ...assessed, verdict },
          context,
          call,
        )
        await takeOut(upload.folder, upload.frozen)
        return outcome
      }
      default:
        return unreachable(verdict)
    }
  }

  async #accept(
    sigmaker: Releaser,
    { frozenFolder }: Upload,
    assessed: Assessed & { readonly verdict: Extract<Verdict, { kind: 'accepted' }> },
    context: ExamineContext,
    call: SshCall,
  ): Promise<DeskOutcome> {
    const { publisher } = this.#options
    const { verdict, made, notes, set } = assessed
    const { published } = publisher
    const publishedAt = toSeconds(context.now)
    const incoming = new Map(
      verdict.files.map(({ path }) => [path, made.get(path) ?? join(frozenFolder, path)]),
    )
    const wish = { files: verdict.files, incoming, published, publishedAt }
    const legacy = await makeLegacyFiles(wish, context)
    this.#step('legacy files made')
    const next = planRelease(
      published?.release,
      { files: [...verdict.files, ...legacy.files], drop: verdict.drop },
      await publisher.nextSerial(),
      publishedAt,
    )
    const sources = new Map([...incoming, ...legacy.incoming])
    const news = [...legacy.notes, ...describeChanges(set.changes)]
    const what = describeFiles(verdict.files)
    const taken = await cutHeaders(next, published, sources, frozenFolder)
    const generation = await publisher.publish(next, taken, {
      at: context.now,
      who: sigmaker.name,
      what: 'published',
      subject: `release ${next.serial}`,
      why: [what, ...notes, ...news.map((line) => line.trim())],
    })
    call.print(`accepted: ${what} is published as release ${next.serial}`)
    for (const line of news) call.print(`  ${line}`)
    await this.#tell(published?.release, next, set.changes, call)
    return { kind: 'published', release: next, generation }
  }

  async #tell(
    before: Release | undefined,
    release: Release,
    changes: ReadonlyMap<string, Changes>,
    call: SshCall,
  ): Promise<void> {
    try {
      await this.#options.tell?.(before, release, changes)
    } catch (error) {
      call.complain(`warning: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  async #refuse(
    sigmaker: Releaser,
    upload: Upload,
    verdict: Extract<Verdict, { kind: 'refused' }>,
    call: SshCall,
  ): Promise<void> {
    const reasons = verdict.reasons.map(describeReason)
    call.complain('refused; what is published stays as it is:')
    for (const reason of reasons) call.complain(`  ${reason}`)
    await this.#record(sigmaker.name, 'refused', `upload ${upload.id}`, reasons, call)
    if (upload.frozen.length === 0) return
    const aside = join(this.#options.state, 'refused', upload.id)
    await keepAside(upload.frozenFolder, aside, reasons, REFUSED_KEPT)
    await takeOut(upload.folder, upload.frozen)
    call.complain(`the upload is kept on the master as refused/${upload.id}`)
  }

  #step(name: string): void {
    this.#options.onStep?.(name)
  }

  /** A journal that cannot be written is told, and changes nothing about what was decided and published. */
  async #record(
    who: string,
    what: string,
    subject: string,
    why: readonly string[],
    call: SshCall,
  ): Promise<void> {
    const { journal, clock } = this.#options
    try {
      await journal.append({ at: clock.now(), who, what, subject, why })
    } catch (error) {
      call.complain(`warning: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}
