/**
 * Looks for bytes that make a parser throw, or a patch lead elsewhere. What it finds lies in `.cache/found` and belongs
 * into `test/corpus` together with the fix.
 *
 *     node test/fuzz/fuzz.ts [SECONDS] [SEED]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Dice, mutate } from './mutate.ts'
import { seedsOf, TARGETS } from './targets.ts'

const seconds = Number(process.argv[2] ?? 60)
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31)
const dice = new Dice(seed)
const seeds = new Map(Object.keys(TARGETS).map((name) => [name, seedsOf(name)]))
const until = performance.now() + seconds * 1000
let [runs, found] = [0, 0]
while (performance.now() < until) {
  for (const [name, target] of Object.entries(TARGETS)) {
    const from = seeds.get(name) ?? []
    const pick = () => from[dice.below(from.length)] ?? new Uint8Array(0)
    const bytes = mutate(pick(), pick(), dice)
    runs += 1
    await target(bytes).catch((error: unknown) => {
      found += 1
      mkdirSync('.cache/found', { recursive: true })
      const path = join('.cache/found', `${name}-${seed}-${runs}`)
      writeFileSync(path, bytes)
      console.error(`${path}: ${error instanceof Error ? error.stack : error}`)
    })
  }
}
console.log(`${runs} runs with seed ${seed}, ${found} found`)
process.exitCode = found === 0 ? 0 : 1
