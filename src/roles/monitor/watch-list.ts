import {
  type AddressHealth,
  foldLook,
  type Issued,
  type Look,
  type MirrorHealth,
  type Watched,
} from '#core/health/index.ts'
import type { MirrorRecord } from '#core/mirrors/index.ts'
import type { Revision, Write } from '#ports/store.ts'
import type { MonitorWorld } from './options.ts'

interface Entry {
  record: MirrorRecord
  health: MirrorHealth | undefined
  healthRevision: Revision | undefined
}

/** Stages in which a mirror is watched: its operator wants to see how it does before it is listed, and after. */
const WATCHED_STAGES: ReadonlySet<MirrorRecord['stage']> = new Set([
  'tested',
  'listed',
  'old',
  'removed',
])

/**
 * All mirrors and what is known of them, in memory: looks go on while the store is away, and what they found is
 * written when it is back (decision 9).
 */
export class WatchList {
  readonly #world: Pick<MonitorWorld, 'store' | 'health'>
  readonly #entries = new Map<string, Entry>()
  readonly #dirty = new Set<string>()

  constructor(world: Pick<MonitorWorld, 'store' | 'health'>) {
    this.#world = world
  }

  /** Whether something waits to be written. */
  get isDirty(): boolean {
    return this.#dirty.size > 0
  }

  get size(): number {
    return this.#entries.size
  }

  record(name: string): MirrorRecord | undefined {
    return this.#entries.get(name)?.record
  }

  *watched(): Generator<Watched> {
    for (const { record, health } of this.#entries.values()) yield { record, health }
  }

  *healths(): Generator<MirrorHealth> {
    for (const { record, health } of this.#entries.values()) {
      if (health !== undefined && record.stage !== 'tested') yield health
    }
  }

  /** Reads registry and health anew. What was not yet written stays as it is here. */
  async load(): Promise<void> {
    const { store } = this.#world
    const mirrors = await store.registry.mirrors.list()
    const healths = new Map(
      (await store.registry.health.list()).map(({ name, value, revision }) => [
        name,
        { value, revision },
      ]),
    )
    const names = new Set<string>()
    for (const { name, value: record } of mirrors) {
      if (!WATCHED_STAGES.has(record.stage)) continue
      names.add(name)
      const stored = healths.get(name)
      const before = this.#entries.get(name)
      const health = this.#dirty.has(name) ? before?.health : stored?.value
      this.#entries.set(name, { record, health, healthRevision: stored?.revision })
    }
    for (const name of this.#entries.keys()) if (!names.has(name)) this.#entries.delete(name)
  }

  /** Only what the registry says; health stays as it is in memory. */
  async reloadRecords(): Promise<void> {
    const mirrors = await this.#world.store.registry.mirrors.list()
    const names = new Set<string>()
    for (const { name, value: record } of mirrors) {
      if (!WATCHED_STAGES.has(record.stage)) continue
      names.add(name)
      const { health, healthRevision } = this.#entries.get(name) ?? {}
      this.#entries.set(name, { record, health, healthRevision })
    }
    for (const name of this.#entries.keys()) if (!names.has(name)) this.#entries.delete(name)
  }

  fold(name: string, look: Look, facts: { newest: Issued | undefined; isBlind: boolean }): void {
    const entry = this.#entries.get(name)
    if (entry?.record.addresses.includes(look.address) !== true) return
    entry.health = foldLook(entry.health, entry.record, look, facts, this.#world.health)
    this.#dirty.add(name)
  }

  /** Writes what is new. Another writer's health is not fought over: ours is newer, so it goes over theirs. */
  async flush(): Promise<void> {
    const { health } = this.#world.store.registry
    const writes: Write<MirrorHealth>[] = []
    for (const name of this.#dirty) {
      const { health: value, healthRevision: over } = this.#entries.get(name) ?? {}
      if (value !== undefined) writes.push({ name, value, over })
    }
    const outcomes = await health.putAll(writes)
    for (const [index, { name, value }] of writes.entries()) {
      const entry = this.#entries.get(name)
      const written = outcomes[index]
      if (entry === undefined || written === undefined) continue
      if (!written.ok) entry.healthRevision = (await health.get(name))?.revision
      else {
        entry.healthRevision = written.value
        // It was looked at again meanwhile: that is written next time.
        if (entry.health === value) this.#dirty.delete(name)
      }
    }
    for (const name of this.#dirty) if (!this.#entries.has(name)) this.#dirty.delete(name)
  }

  /** Addresses of every watched mirror. */
  *addresses(): Generator<{ readonly name: string; readonly address: string }> {
    for (const { record } of this.#entries.values()) {
      for (const address of record.addresses) yield { name: record.name, address }
    }
  }

  has(name: string, address: string): boolean {
    return this.#entries.get(name)?.record.addresses.includes(address) === true
  }

  address(name: string, address: string): AddressHealth | undefined {
    return this.#entries.get(name)?.health?.addresses.find((one) => one.address === address)
  }
}
