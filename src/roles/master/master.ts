import type { PublishedTree } from '#adapters/disk/index.ts'
import type { DbName, DbVersion } from '#base/names.ts'
import { NOTIFY_USER, type Releaser, UPLOAD_USER } from '#core/gate/index.ts'
import type { Wanted } from '#core/push/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { SshAdmission, SshCall, SshDoorPolicy, UploadLimits } from '#ports/ssh-door.ts'
import type { Pusher } from './pusher.ts'
import { uploadFolder } from './registry.ts'
import type { ReleaseDesk } from './release-desk.ts'
import { describePush } from './words.ts'

export interface MasterParts {
  readonly name: string
  readonly state: string
  /** Asked at every login: keys come and go. */
  readonly sigmakers: () => readonly Releaser[]
  readonly uploadLimits: UploadLimits
  readonly desk: ReleaseDesk
  readonly pusher: Pusher
  readonly published: () => PublishedTree | undefined
  readonly clock: Clock
}

/** Exit statuses of the trigger, as in the contract: 0 published, 1 refused, 3 the world failed. */
const TRIGGER_END = { published: 0, refused: 1, failed: 3 } as const

/**
 * The master as those who call see it: which key opens which of the two accounts, and what a trigger does. What it
 * decides with and stores in comes from `compose.ts`.
 */
export class MasterDesk implements SshDoorPolicy {
  readonly #parts: MasterParts

  constructor(parts: MasterParts) {
    this.#parts = parts
  }

  admit(user: string, key: string): SshAdmission | undefined {
    const { sigmakers, uploadLimits } = this.#parts
    const sigmaker = sigmakers().find(({ keys }) => keys.includes(key))
    if (sigmaker === undefined) return undefined
    switch (user) {
      case UPLOAD_USER:
        return { kind: 'upload', folder: this.#folder(sigmaker), limits: uploadLimits }
      case NOTIFY_USER:
        return { kind: 'command', run: (call) => this.#trigger(sigmaker, call) }
      default:
        return undefined
    }
  }

  /** Pushes what is public, without a sigmaker: at the start, every six hours (R103, R110), and to new mirrors (`only`). */
  async pushCurrent(only?: readonly string[]): Promise<void> {
    const published = this.#parts.published()
    if (published === undefined) return
    await this.#parts.pusher.push(wantedOf(published), () => {}, only === undefined ? {} : { only })
  }

  /** A fresh `timestamp` for the same content, then a push; without the store, of what there is (decisions 8, 9). */
  async renewAndPush(signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.desk.renew(signal)
    } finally {
      await this.pushCurrent()
    }
  }

  async #trigger(sigmaker: Releaser, call: SshCall): Promise<number> {
    const { name, desk } = this.#parts
    call.print(`${name}: release by ${sigmaker.name}`)
    try {
      const outcome = await desk.release(sigmaker, this.#folder(sigmaker), call)
      if (outcome.kind === 'refused') return TRIGGER_END.refused
      await this.#pushFor(call)
      return TRIGGER_END.published
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error)
      call.complain(`failed; what is published stays as it is: ${words}`)
      return TRIGGER_END.failed
    }
  }

  async #pushFor(call: SshCall): Promise<void> {
    const { pusher, clock } = this.#parts
    const published = this.#parts.published()
    if (published === undefined || pusher.mirrors.length === 0) return
    const since = clock.now()
    call.print(`pushing to ${pusher.mirrors.length} mirrors`)
    const { acknowledged, waiting } = await pusher.push(wantedOf(published), (mirror, event) => {
      const line = describePush(mirror, event)
      if (line !== undefined) call.print(`  ${line}`)
    })
    const all = acknowledged.length + waiting.length
    const took = ((clock.now() - since) / 1000).toFixed(2)
    call.print(`${acknowledged.length} of ${all} mirrors serve it after ${took} s`)
    if (waiting.length > 0) {
      call.complain(`not yet on ${waiting.toSorted().join(', ')}; the push goes on without you`)
    }
  }

  #folder({ name }: Releaser): string {
    return uploadFolder(this.#parts.state, name)
  }
}

export function wantedOf(published: PublishedTree): Wanted {
  const databases = new Map<DbName, DbVersion>()
  for (const file of published.release.files.values()) {
    if (file.kind === 'database') databases.set(file.name, file.version)
  }
  return { serial: published.release.serial, generation: published.generation, databases }
}
