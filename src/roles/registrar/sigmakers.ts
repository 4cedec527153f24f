import { fail, type Outcome, ok } from '#base/outcome.ts'
import {
  describeApplicationFault,
  type GivenSigmaker,
  keyTwin,
  parseSigmaker,
  parseSigmakerKeys,
  type SigmakerRecord,
} from '#core/mirrors/index.ts'
import { entryBy, type RegistrarWorld, untilWritten, written } from './world.ts'

/** Who may release, and what (R88–R90). Masters follow the registry, so a key opens its door without a restart. */
export class SigmakerList {
  readonly #world: RegistrarWorld

  constructor(world: RegistrarWorld) {
    this.#world = world
  }

  async all(): Promise<readonly SigmakerRecord[]> {
    return (await this.#world.store.registry.sigmakers.list()).map(({ value }) => value)
  }

  async add(given: GivenSigmaker): Promise<Outcome<SigmakerRecord, readonly string[]>> {
    const sigmaker = parseSigmaker(given)
    if (!sigmaker.ok) return fail(sigmaker.fault.map(describeApplicationFault))
    const record = sigmaker.value
    return await untilWritten(async () => {
      const others = await this.all()
      if (others.some(({ name }) => name === record.name)) {
        return fail([`there is a sigmaker "${record.name}" already; other keys: sigmaker rotate`])
      }
      const twin = keyTwin(record, others)
      if (twin !== undefined) return fail([`key is of sigmaker "${twin}"`])
      const what = record.databases === '*' ? 'every database' : record.databases.join(', ')
      const entry = entryBy(this.#world, 'sigmaker-added', record.name, [`may release ${what}`])
      const { sigmakers } = this.#world.store.registry
      return written(record, await sigmakers.put(record.name, record, undefined, entry))
    })
  }

  /** Only the new keys open his door from now on. */
  async rotate(
    name: string,
    lines: readonly string[],
    why: string,
  ): Promise<Outcome<SigmakerRecord, readonly string[]>> {
    const keys = parseSigmakerKeys(lines)
    if (!keys.ok) return fail(keys.fault.map(describeApplicationFault))
    const { sigmakers } = this.#world.store.registry
    return await untilWritten(async () => {
      const before = await sigmakers.get(name)
      if (before === undefined) return fail([`there is no sigmaker "${name}"`])
      const record = { ...before.value, keys: keys.value }
      const twin = keyTwin(record, await this.all())
      if (twin !== undefined) return fail([`key is of sigmaker "${twin}"`])
      const entry = entryBy(this.#world, 'sigmaker-keys-rotated', name, [why])
      return written(record, await sigmakers.put(name, record, before.revision, entry))
    })
  }

  async remove(name: string, why: string): Promise<Outcome<void, string>> {
    const { sigmakers } = this.#world.store.registry
    return await untilWritten(async () => {
      const before = await sigmakers.get(name)
      if (before === undefined) return fail(`there is no sigmaker "${name}"`)
      const entry = entryBy(this.#world, 'sigmaker-removed', name, [why])
      const removed = await sigmakers.remove(name, before.revision, entry)
      return removed.ok ? ok(undefined) : undefined
    })
  }
}
