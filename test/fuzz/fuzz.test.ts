import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Dice, mutate } from './mutate.ts'
import { seedsOf, TARGETS } from './targets.ts'

/** A short run with a seed that never changes; `node test/fuzz/fuzz.ts` goes on as long as one likes. */
const RUNS = 400

for (const [name, target] of Object.entries(TARGETS)) {
  test(`${RUNS} wounded inputs do not make "${name}" throw`, async () => {
    const dice = new Dice(name.length * 7919)
    const seeds = seedsOf(name)
    for (let run = 0; run < RUNS; run += 1) {
      const pick = () => seeds[dice.below(seeds.length)] ?? new Uint8Array(0)
      const bytes = mutate(pick(), pick(), dice)
      await target(bytes).catch((error: unknown) => {
        assert.fail(`${error} with ${Buffer.from(bytes).toString('base64')}`)
      })
    }
  })
}
