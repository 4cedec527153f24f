/** The part of `bench/legacy.ts` that runs in a fresh process, so that its peak of memory is its own. */
import { readFileSync } from 'node:fs'
import { makeLegacy } from '#adapters/databases/index.ts'
import { trustedPublishers, verifiersOf } from '#core/databases/index.ts'
import { parsePublisherKeys } from '#formats/dsig/index.ts'

const [main = '', keysFile = '', into = ''] = process.argv.slice(2)
const keys = parsePublisherKeys(readFileSync(keysFile, 'utf8'))
if (!keys.ok) throw new Error('Cannot read the keys')
const verifiers = verifiersOf(trustedPublishers([keys.value]))
const { signal } = new AbortController()
let ms = 0
// The first run is the warm-up that a running master has behind it.
for (let run = 0; run < 2; run += 1) {
  const start = performance.now()
  const made = await makeLegacy({ main, into, verifiers, signal })
  if (!made.ok) throw new Error(`Cannot make the old database: ${made.fault.kind}`)
  ms = performance.now() - start
}
// Not `resourceUsage().maxRSS`, which a child inherits from a larger parent.
const peakKib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]
console.log(JSON.stringify({ ms, rssMib: Number(peakKib) / 1024 }))
