import { fail, type Outcome } from '#base/outcome.ts'
import type { MasterRecord } from '#core/mirrors/index.ts'
import { entryBy, type RegistrarWorld, untilWritten, written } from './world.ts'

/** Which masters there are, and which of them the team knows to be away (decision 8). They enrol themselves. */
export class MasterList {
  readonly #world: RegistrarWorld

  constructor(world: RegistrarWorld) {
    this.#world = world
  }

  async all(): Promise<readonly MasterRecord[]> {
    return (await this.#world.store.registry.masters.list()).map(({ value }) => value)
  }

  /** One that is out is not waited for by the others' forced updates. */
  async say(
    name: string,
    whither: 'in' | 'out',
    why: string,
  ): Promise<Outcome<MasterRecord, string>> {
    const { masters } = this.#world.store.registry
    const isOut = whither === 'out'
    return await untilWritten(async () => {
      const before = await masters.get(name)
      if (before === undefined) return fail(await this.#unknown(name))
      if (before.value.isOut === isOut) return fail(`master "${name}" is ${whither} already`)
      const record = { ...before.value, isOut }
      const entry = entryBy(this.#world, `master-${whither}`, name, [why])
      return written(record, await masters.put(name, record, before.revision, entry))
    })
  }

  async #unknown(name: string): Promise<string> {
    const names = (await this.all()).map((record) => record.name)
    const known = names.length === 0 ? 'none has enrolled yet' : `there are ${names.join(', ')}`
    return `there is no master "${name}"; ${known}`
  }
}
