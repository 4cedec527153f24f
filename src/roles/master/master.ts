import type { PublishedTree } from '#adapters/disk/index.ts'
import type { DbName, DbVersion } from '#base/names.ts'
import { NOTIFY_USER, PEER_USER, type Releaser, UPLOAD_USER } from '#core/gate/index.ts'
import type { MasterRecord } from '#core/mirrors/index.ts'
import {
  heldReleaseLetter,
  type Letter,
  type LetterAbout,
  secondMasterLetter,
} from '#core/notices/index.ts'
import { printPeerWord } from '#core/peering/index.ts'
import type { Wanted } from '#core/push/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { SshAdmission, SshCall, SshDoorPolicy, UploadLimits } from '#ports/ssh-door.ts'
import type { Peering } from './peering.ts'
import type { Pusher } from './pusher.ts'
import { uploadFolder } from './registry.ts'
import type { DeskOutcome, ReleaseDesk } from './release-desk.ts'
import { describePush } from './words.ts'

export interface MasterParts {
  readonly name: string
  readonly state: string
  /** Asked at every login: keys come and go. */
  readonly sigmakers: () => readonly Releaser[]
  readonly peers: () => readonly MasterRecord[]
  readonly uploadLimits: UploadLimits
  readonly desk: ReleaseDesk
  readonly pusher: Pusher
  readonly published: () => PublishedTree | undefined
  readonly peering: Peering
  /** Writes to the team; a store that is away is told where events go. */
  readonly tellTeam: (write: (about: LetterAbout) => Letter) => Promise<void>
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
    const { sigmakers, peers, uploadLimits } = this.#parts
    if (user === PEER_USER) {
      const peer = peers().find(({ triggerKey }) => triggerKey === key)
      return peer && { kind: 'command', run: async (call) => this.#tellPeer(call) }
    }
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

  /**
   * A trigger that another ssh server let in by the sigmaker's key. Whether he may release is asked here all the same: its list of
   * keys may be older than the registry.
   */
  async notify(name: string, call: SshCall): Promise<number> {
    const sigmaker = this.#parts.sigmakers().find((one) => one.name === name)
    if (sigmaker !== undefined) return await this.#trigger(sigmaker, call)
    call.complain('refused: this key may not release here any more')
    return TRIGGER_END.refused
  }

  /** Judges what lies in the folder, and pushes it when it was published. Throws when the world fails. */
  async handIn(releaser: Releaser, folder: string, call: SshCall): Promise<DeskOutcome> {
    const outcome = await this.#parts.desk.release(releaser, folder, call)
    if (outcome.kind !== 'refused') await this.#pushFor(call)
    return outcome
  }

  /** Pushes what is public, without a sigmaker: at the start, every six hours (R103, R110), and to new mirrors (`only`). */
  async pushCurrent(only?: readonly string[], lookFirst = false): Promise<void> {
    const { published, pusher } = this.#parts
    const tree = published()
    if (tree === undefined) return
    const options = { lookFirst, ...(only === undefined ? {} : { only }) }
    const { held } = await pusher.push(wantedOf(tree), () => {}, options)
    if (held !== undefined) await this.#tellHeld(tree.release.serial, held)
  }

  /** To those whose window was closed at a push and is open now. */
  async pushPostponed(): Promise<void> {
    const { due } = this.#parts.pusher
    if (due.length > 0) await this.pushCurrent(due, true)
  }

  /** A fresh `timestamp` for the same content, then a push; without the store, of what there is (decisions 8, 9). */
  async renewAndPush(
    say: (line: string) => void,
    signal: AbortSignal,
    only?: readonly string[],
  ): Promise<void> {
    try {
      await this.#parts.desk.renew(say, signal)
    } finally {
      await this.pushCurrent(only)
    }
  }

  /** Which state is public here, for another master (R104). */
  #tellPeer(call: SshCall): number {
    const published = this.#parts.published()
    if (published === undefined) {
      call.complain('nothing is public here yet')
      return TRIGGER_END.refused
    }
    const { release, generation } = published
    call.print(printPeerWord({ name: this.#parts.name, serial: release.serial, generation }))
    return TRIGGER_END.published
  }

  async #trigger(sigmaker: Releaser, call: SshCall): Promise<number> {
    call.print(`${this.#parts.name}: release by ${sigmaker.name}`)
    try {
      const outcome = await this.handIn(sigmaker, this.#folder(sigmaker), call)
      if (outcome.kind === 'refused') return TRIGGER_END.refused
      // It throws only when the master is stopping.
      void this.#tellSecond(sigmaker).catch(() => {})
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
    const { acknowledged, waiting, postponed, held } = await pusher.push(
      wantedOf(published),
      (mirror, event) => {
        const line = describePush(mirror, event)
        if (line !== undefined) call.print(`  ${line}`)
      },
    )
    if (held !== undefined) {
      call.complain(`held: ${held}; nobody else is pushed to`)
      await this.#tellHeld(published.release.serial, held)
      return
    }
    const all = acknowledged.length + waiting.length + postponed.length
    const took = ((clock.now() - since) / 1000).toFixed(2)
    call.print(`${acknowledged.length} of ${all} mirrors serve it after ${took} s`)
    if (postponed.length > 0)
      call.print(`waiting for their window: ${postponed.toSorted().join(', ')}`)
    if (waiting.length > 0) {
      call.complain(`not yet on ${waiting.toSorted().join(', ')}; the push goes on without you`)
    }
  }

  async #tellHeld(serial: number, reason: string): Promise<void> {
    await this.#parts.tellTeam((about) => heldReleaseLetter(about, serial, reason))
  }

  /** R107–R108: the first master is down, and the team hears who is used instead. */
  async #tellSecond(sigmaker: Releaser): Promise<void> {
    const { name, peering, published, tellTeam } = this.#parts
    const found = await peering.look()
    const [first] = found.toSorted((a, b) => a.name.localeCompare(b.name))
    if (first === undefined || first.name > name || first.word !== undefined) return
    const serial = published()?.release.serial ?? 0
    const reason = first.reason ?? 'no answer'
    await tellTeam((about) =>
      secondMasterLetter(about, { serial, sigmaker: sigmaker.name }, { name: first.name, reason }),
    )
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
