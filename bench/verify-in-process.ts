/** The part of `bench/verify.ts` that runs in a fresh process, so that its peak of memory is its own. */
import { readFileSync } from 'node:fs'
import { examineFile, examineFileOuter } from '#adapters/databases/index.ts'
import { trustedPublishers, verifiersOf } from '#core/databases/index.ts'
import { parsePublisherKeys } from '#formats/dsig/index.ts'

const [path = '', keysFile = ''] = process.argv.slice(2)
const keys = parsePublisherKeys(readFileSync(keysFile, 'utf8'))
if (!keys.ok) throw new Error('Cannot read the keys')
const options = {
  verifiers: verifiersOf(trustedPublishers([keys.value])),
  signal: new AbortController().signal,
}

async function timed(examine: typeof examineFileOuter): Promise<number> {
  const start = performance.now()
  const { faults } = await examine(path, options)
  if (faults.length > 0) throw new Error(`Cannot verify: ${JSON.stringify(faults)}`)
  return performance.now() - start
}

// The first run is the warm-up that a running server has behind it.
await timed(examineFileOuter)
const outerMs = await timed(examineFileOuter)
const fullMs = await timed(examineFile)
console.log(JSON.stringify({ outerMs, fullMs, rssMib: process.resourceUsage().maxRSS / 1024 }))
