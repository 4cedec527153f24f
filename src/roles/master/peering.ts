import { rm } from 'node:fs/promises'
import type { PublishedTree, ReleaseFolder } from '#adapters/disk/index.ts'
import type { Outcome } from '#base/outcome.ts'
import type { MasterRecord } from '#core/mirrors/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { Head, Store } from '#ports/store.ts'
import type { FetchFault } from './fetch-peer-tree.ts'
import type { FoundPeer } from './peers.ts'

export interface PeeringOptions {
  readonly self: string
  readonly store: Store
  readonly releases: ReleaseFolder
  readonly clock: Clock
  /** All other masters. */
  readonly peers: () => readonly MasterRecord[]
  readonly call: (peers: readonly MasterRecord[]) => Promise<readonly FoundPeer[]>
  /** Resolves to the folder of the verified tree. */
  readonly fetch: (
    peer: MasterRecord,
    head: Head,
    own: PublishedTree | undefined,
  ) => Promise<Outcome<string, FetchFault>>
  readonly onEvent: (line: string) => void
}

export type CaughtUp =
  | { readonly kind: 'current' }
  | { readonly kind: 'adopted'; readonly from: string }
  /** Another master has a newer state, and it could not be had: why, a line for each master. */
  | { readonly kind: 'behind'; readonly head: Head; readonly reasons: readonly string[] }

/** A peer that publishes all the time is met in the end; beyond that the next occasion makes it up. */
const ROUNDS_MAX = 3

/**
 * One master among equals (R106): takes over what another has made public, and knows who is in reach. The caller sees to
 * it that nothing else is published here meanwhile.
 */
export class Peering {
  readonly #options: PeeringOptions
  #said = ''

  constructor(options: PeeringOptions) {
    this.#options = options
  }

  /** Every other master, as it was found just now. */
  async look(): Promise<readonly FoundPeer[]> {
    const { peers, call } = this.#options
    return await call(peers())
  }

  /** Makes the newest committed state public here, if it is not. Throws `StoreError` when the store is away. */
  async catchUp(): Promise<CaughtUp> {
    const { store, releases } = this.#options
    let reasons: readonly string[] = []
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const head = await store.releases.head()
      const own = releases.published
      if (head === undefined || (own !== undefined && own.generation >= head.generation)) {
        return { kind: 'current' }
      }
      const tried = await this.#tryPeers(head, own)
      if (tried.from !== undefined) return { kind: 'adopted', from: tried.from }
      reasons = tried.reasons
      if (!tried.again) return this.#behind(head, reasons)
    }
    const head = await store.releases.head()
    return head === undefined ? { kind: 'current' } : this.#behind(head, reasons)
  }

  /** Said once for each reason: it is tried again all the time. */
  #behind(head: Head, reasons: readonly string[]): CaughtUp {
    const { release, generation, master } = head
    const words = `cannot take over release ${release.serial} generation ${generation} of ${master} yet: ${reasons.join('; ') || 'no other master is known here'}`
    if (words !== this.#said) this.#options.onEvent(words)
    this.#said = words
    return { kind: 'behind', head, reasons }
  }

  async #tryPeers(head: Head, own: PublishedTree | undefined) {
    const reasons: string[] = []
    let again = false
    const found = await this.look()
    for (const { name, word, reason, master } of found.toSorted(firstIs(head.master))) {
      if (word === undefined) {
        reasons.push(`${name}: ${reason ?? 'no answer'}`)
        continue
      }
      if (word.generation < head.generation) {
        reasons.push(`${name}: it has release ${word.serial} only`)
        continue
      }
      const verdict = await this.#tryOne(master, head, own)
      if (verdict === undefined) return { from: name, reasons, again }
      again ||= verdict.again
      reasons.push(`${name}: ${verdict.reason}`)
    }
    return { from: undefined, reasons, again }
  }

  /** Undefined when its tree is public here now. */
  async #tryOne(
    peer: MasterRecord,
    head: Head,
    own: PublishedTree | undefined,
  ): Promise<{ readonly reason: string; readonly again: boolean } | undefined> {
    const { fetch, releases, onEvent } = this.#options
    let fetched: Outcome<string, FetchFault>
    try {
      fetched = await fetch(peer, head, own)
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error), again: false }
    }
    if (!fetched.ok) {
      const { fault } = fetched
      if (fault.kind === 'other-tree') {
        const reason = `it shows release ${fault.serial} generation ${fault.generation} by now`
        return { reason, again: true }
      }
      for (const reason of fault.reasons) {
        onEvent(`ALARM: release ${head.release.serial} from ${peer.name} is not right: ${reason}`)
      }
      return { reason: fault.reasons.join('; '), again: false }
    }
    await releases.adopt(head.release, head.generation, fetched.value)
    await rm(fetched.value, { recursive: true, force: true })
    await this.#record(peer.name, head)
    return undefined
  }

  async #record(peer: string, { release, generation }: Head): Promise<void> {
    const { store, clock, self, onEvent } = this.#options
    const why = [`from ${peer}`, `generation ${generation}`]
    onEvent(`took over release ${release.serial} generation ${generation} from ${peer}`)
    const subject = `release ${release.serial}`
    await store.journal
      .append({ at: clock.now(), who: self, what: 'adopted', subject, why })
      .catch(() => onEvent('the journal could not be written'))
  }
}

function firstIs(name: string): (a: FoundPeer, b: FoundPeer) => number {
  return (a, b) => Number(b.name === name) - Number(a.name === name)
}
