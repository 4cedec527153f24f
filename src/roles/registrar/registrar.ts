/**
 * Keeps the registry of those who take part: one method an act of the team, each written together with its journal
 * entry or not at all. Whoever wrote meanwhile is not overwritten: the act is decided anew on what is there now.
 */
import { postLetter } from '#adapters/outbox/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import {
  applied,
  describeApplicationFault,
  type GivenApplication,
  type MirrorEvent,
  type MirrorRecord,
  parseApplication,
  step,
  twinFaults,
} from '#core/mirrors/index.ts'
import { dutiesBetween, dutyLetter } from '#core/notices/index.ts'
import { StoreError } from '#ports/store.ts'
import { entryBy, type RegistrarWorld, untilWritten, written } from './world.ts'

/** What is done to a mirror, and how the journal calls it. */
export interface Act {
  /** A verb in the past: `approved`. */
  readonly what: string
  readonly why: readonly string[]
  /** Decided on the record as it is now. A text is why it may not be, to be read behind the mirror's name. */
  readonly event: (record: MirrorRecord) => Outcome<MirrorEvent, string>
}

export class Registrar {
  readonly #world: RegistrarWorld

  constructor(world: RegistrarWorld) {
    this.#world = world
  }

  async mirrors(): Promise<readonly MirrorRecord[]> {
    return (await this.#world.store.registry.mirrors.list()).map(({ value }) => value)
  }

  async mirror(name: string): Promise<Outcome<MirrorRecord, string>> {
    const found = await this.#world.store.registry.mirrors.get(name)
    return found === undefined ? fail(await this.#unknown(name)) : ok(found.value)
  }

  /** A new mirror, or one that was refused or is retired and comes again. Faults: all of them. */
  async apply(given: GivenApplication): Promise<Outcome<MirrorRecord, readonly string[]>> {
    const { store, clock, rules } = this.#world
    const application = parseApplication(given, rules)
    if (!application.ok) return fail(application.fault.map(describeApplicationFault))
    const { name } = application.value
    return await untilWritten(async () => {
      const others = (await this.mirrors()).filter((other) => other.name !== name)
      const masters = await store.registry.masters.list()
      const twins = twinFaults(application.value, others).map(describeApplicationFault)
      if (masters.some((master) => master.name === name)) twins.push('name is of a master')
      if (twins.length > 0) return fail(twins)
      const now = clock.now()
      const fresh = applied(application.value, now)
      const before = await store.registry.mirrors.get(name)
      const record =
        before === undefined
          ? ok(fresh)
          : step(before.value, { kind: 'apply-again', record: fresh }, now)
      if (!record.ok) return fail([`"${name}" ${record.fault}`])
      const entry = entryBy(this.#world, 'applied', name, [`from ${application.value.host}`])
      return written(
        record.value,
        await store.registry.mirrors.put(name, record.value, before?.revision, entry),
      )
    })
  }

  async act(name: string, { what, why, event }: Act): Promise<Outcome<MirrorRecord, string>> {
    const { mirrors } = this.#world.store.registry
    return await untilWritten(async () => {
      const before = await mirrors.get(name)
      if (before === undefined) return fail(await this.#unknown(name))
      const wanted = event(before.value)
      if (!wanted.ok) return fail(`"${name}" ${wanted.fault}`)
      const after = step(before.value, wanted.value, this.#world.clock.now())
      if (!after.ok) return fail(`"${name}" ${after.fault}`)
      const entry = entryBy(this.#world, what, name, [
        ...why,
        ...stageChange(before.value, after.value),
      ])
      const put = await mirrors.put(name, after.value, before.revision, entry)
      if (put.ok) await this.#announce(before.value, after.value)
      return written(after.value, put)
    })
  }

  /** Addresses and host of a mirror, checked as in an application; nobody else's. */
  async move(
    name: string,
    given: { readonly host: string | undefined; readonly addresses: readonly string[] },
    why: string,
  ): Promise<Outcome<MirrorRecord, readonly string[]>> {
    const record = await this.mirror(name)
    if (!record.ok) return fail([record.fault])
    const { host, addresses: before } = record.value
    // A mirror that is called by its address is called by the new one.
    const newHost = given.host ?? (before.includes(host) ? undefined : host)
    const application = parseApplication(
      {
        name,
        addresses: given.addresses,
        httpPort: record.value.httpPort,
        aliases: record.value.aliases,
        country: record.value.country,
        bandwidthMbit: record.value.bandwidthMbit,
        ...(newHost !== undefined && { host: newHost }),
      },
      { ...this.#world.rules, bandwidthMbitMin: 1 },
    )
    if (!application.ok) return fail(application.fault.map(describeApplicationFault))
    const others = (await this.mirrors()).filter((other) => other.name !== name)
    const twins = twinFaults(application.value, others).map(describeApplicationFault)
    if (twins.length > 0) return fail(twins)
    const { addresses, host: to } = application.value
    const moved = await this.act(name, {
      what: 'moved',
      why: [`to ${to} (${addresses.join(', ')})`, why],
      event: () => ok({ kind: 'move-address', host: to, addresses }),
    })
    return moved.ok ? moved : fail([moved.fault])
  }

  /** R83–R85: the other operators hear of it. The act stands also when they cannot be told. */
  async #announce(before: MirrorRecord, after: MirrorRecord): Promise<void> {
    const { store, zone, clock, onWarning } = this.#world
    for (const duty of dutiesBetween(before, after)) {
      try {
        await postLetter(store, dutyLetter(duty, zone, clock.now()))
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        onWarning(`it is done, but the mirrors' list was not told: ${error.message}`)
      }
    }
  }

  async #unknown(name: string): Promise<string> {
    const names = (await this.mirrors()).map((record) => record.name)
    return `there is no mirror "${name}"${names.length === 0 ? '; none has applied yet' : ''}`
  }
}

function stageChange(before: MirrorRecord, after: MirrorRecord): readonly string[] {
  return before.stage === after.stage ? [] : [`${before.stage} → ${after.stage}`]
}
