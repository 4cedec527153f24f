import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type FrozenFile,
  freeze,
  keepAside,
  type ReleaseFolder,
  takeOut,
} from '#adapters/disk/index.ts'
import { type Generation, generation, type Serial, serial } from '#base/names.ts'
import { unreachable } from '#base/outcome.ts'
import { toSeconds } from '#base/time.ts'
import {
  describeReason,
  judge,
  type Releaser,
  type SetFacts,
  type Verdict,
} from '#core/gate/index.ts'
import { isUploadInProgress } from '#core/intake/index.ts'
import { planRelease, type Release } from '#core/release/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { Journal } from '#ports/journal.ts'
import type { SshCall } from '#ports/ssh-door.ts'
import { cutHeaders } from './cut-headers.ts'
import { describeFiles, describeSet } from './words.ts'

/** Reads a frozen upload and says what is in it. */
export type Examine = (
  frozen: readonly FrozenFile[],
  published: { readonly release: Release; readonly folder: string } | undefined,
  signal: AbortSignal,
) => Promise<SetFacts>

export interface DeskOptions {
  readonly self: string
  /** For frozen sets under judgement and for refused ones. */
  readonly state: string
  readonly releases: ReleaseFolder
  readonly examine: Examine
  readonly pointers: (release: Release, generation: Generation) => ReadonlyMap<string, string>
  readonly clock: Clock
  readonly journal: Journal
}

/** Refused uploads that are kept for a look. Guess: a week of a clumsy sigmaker. */
const REFUSED_KEPT = 50

export type DeskOutcome =
  | { readonly kind: 'published'; readonly release: Release; readonly generation: Generation }
  | { readonly kind: 'already-published' }
  | { readonly kind: 'refused' }

interface Upload {
  readonly id: string
  /** Where the sigmaker put it, and the copy that is judged. */
  readonly folder: string
  readonly frozenFolder: string
  readonly frozen: readonly FrozenFile[]
}

/**
 * Where a trigger becomes a release (architecture 3.2 to 3.5): freeze, examine, judge, publish. One at a time a
 * master; a second trigger waits its turn (decision 11).
 */
export class ReleaseDesk {
  readonly #options: DeskOptions
  #queue: Promise<unknown> = Promise.resolve()
  #busy = 0

  constructor(options: DeskOptions) {
    this.#options = options
  }

  /** Judges and publishes what lies in the sigmaker's folder. */
  release(sigmaker: Releaser, folder: string, call: SshCall): Promise<DeskOutcome> {
    if (this.#busy > 0) call.print('another release is under way; this one waits its turn')
    return this.#inTurn(() => this.#release(sigmaker, folder, call))
  }

  /** A master that never published shows an empty release 0, so that mirrors can join before the first database. */
  async publishFirst(): Promise<void> {
    const { releases, clock } = this.#options
    const first = serial(0)
    if (releases.published !== undefined || first === undefined) return
    const publishedAt = toSeconds(clock.now())
    await this.#publish({ serial: first, publishedAt, files: new Map() }, new Map())
  }

  /** New pointers for the release that is public: freshness without content (decision 8). */
  renew(): Promise<DeskOutcome> {
    return this.#inTurn(async () => {
      const published = this.#options.releases.published
      return published === undefined
        ? { kind: 'already-published' }
        : await this.#publish(published.release, new Map())
    })
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
    try {
      const frozen = await freeze(folder, frozenFolder, isUploadInProgress)
      return await this.#judge(sigmaker, { id, frozenFolder, folder, frozen }, call)
    } finally {
      await rm(frozenFolder, { recursive: true, force: true })
    }
  }

  async #judge(sigmaker: Releaser, upload: Upload, call: SshCall): Promise<DeskOutcome> {
    const { releases, clock, examine } = this.#options
    const facts = await examine(upload.frozen, releases.published, call.signal)
    for (const line of describeSet(facts)) call.print(`  ${line}`)
    const verdict = judge(facts, sigmaker, releases.published?.release, clock.now())
    switch (verdict.kind) {
      case 'refused':
        await this.#refuse(sigmaker, upload, verdict, call)
        return verdict
      case 'already-published':
        call.print('these very bytes are published already')
        await takeOut(upload.folder, upload.frozen)
        return verdict
      case 'accepted': {
        const outcome = await this.#accept(sigmaker, verdict, upload.frozenFolder, call)
        await takeOut(upload.folder, upload.frozen)
        return outcome
      }
      default:
        return unreachable(verdict)
    }
  }

  async #accept(
    sigmaker: Releaser,
    verdict: Extract<Verdict, { kind: 'accepted' }>,
    frozenFolder: string,
    call: SshCall,
  ): Promise<DeskOutcome> {
    const { releases, clock } = this.#options
    const current = releases.published?.release
    const next = planRelease(
      current,
      verdict,
      following<Serial>(current?.serial, serial),
      toSeconds(clock.now()),
    )
    const uploaded = new Map(verdict.files.map(({ path }) => [path, join(frozenFolder, path)]))
    const incoming = await cutHeaders(next, releases.published, uploaded, frozenFolder)
    const outcome = await this.#publish(next, incoming)
    const what = describeFiles(verdict.files)
    call.print(`accepted: ${what} is published as release ${next.serial}`)
    await this.#record(sigmaker.name, 'published', `release ${next.serial}`, [what], call)
    return outcome
  }

  async #publish(
    release: Release,
    incoming: ReadonlyMap<string, string>,
  ): Promise<Extract<DeskOutcome, { kind: 'published' }>> {
    const { releases, pointers, clock } = this.#options
    const number = following<Generation>(releases.published?.generation, generation)
    const publication = {
      release,
      generation: number,
      pointers: pointers(release, number),
      now: clock.now(),
    }
    await releases.publish(publication, incoming)
    return { kind: 'published', release, generation: number }
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

function following<T extends number>(
  current: T | undefined,
  parse: (value: number) => T | undefined,
): T {
  const next = parse((current ?? 0) + 1)
  if (next === undefined) throw new Error(`Cannot count beyond ${current}`)
  return next
}
