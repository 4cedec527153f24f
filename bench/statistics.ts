/**
 * Statistics from a log: lines a second through the very reader, parser and counter of a mirror, against `wc -l` for the
 * reading alone. Wanted: 200,000 a second.
 *
 *     node bench/statistics.ts [LINES] [ROUNDS]
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { systemClock } from '#adapters/system/index.ts'
import { epochMs } from '#base/time.ts'
import { printLogLine } from '#formats/access-log/index.ts'
import { watchCountries } from '../src/roles/mirror/countries.ts'
import { Statistics } from '../src/roles/mirror/statistics.ts'
import { median } from './timed.ts'

const [lines = 1_000_000, rounds = 3] = process.argv.slice(2).map(Number)
const WANTED = 200_000
const CLIENTS = 50_000

const places = { kind: 'tor', ipv4: '/usr/share/tor/geoip', ipv6: '/usr/share/tor/geoip6' } as const
await using countries = watchCountries(places, console.error)
await countries.first

const folder = mkdtempSync(join(tmpdir(), 'cvdnet-statistics-'))
try {
  const path = join(folder, 'access.log')
  await makeLog(path)
  execFileSync('gzip', ['-k1', path])
  const figures = { plain: [] as number[], packed: [] as number[], wc: [] as number[] }
  for (let round = 0; round < rounds; round += 1) {
    figures.plain.push(await rate(path, `plain-${round}`))
    figures.packed.push(await rate(`${path}.gz`, `packed-${round}`))
    const start = performance.now()
    execFileSync('wc', ['-l', path])
    figures.wc.push(lines / ((performance.now() - start) / 1000))
  }
  for (const [name, all] of Object.entries(figures)) {
    const each = median(all)
    const verdict =
      name === 'wc' ? '' : each >= WANTED ? ` (holds, >= ${WANTED})` : ` (FAILS, >= ${WANTED})`
    console.log(`${name.padEnd(7)} ${each.toFixed(0)} lines a second${verdict}`)
  }
  console.log(`peak resident ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function rate(path: string, name: string): Promise<number> {
  const statistics = await Statistics.load({
    mirror: 'bench',
    stateFile: join(folder, `${name}.json`),
    logs: [path],
    daysKept: 400,
    country: (address) => countries.of(address),
    clock: systemClock,
    onFault: console.error,
  })
  const start = performance.now()
  await statistics.update(new AbortController().signal)
  return lines / ((performance.now() - start) / 1000)
}

/** Two days of a fleet: checks that are 304, patches, some whole files. */
async function makeLog(path: string): Promise<void> {
  const out = createWriteStream(path)
  const from = Date.now() - 2 * 86_400_000
  for (let line = 0; line < lines; line += 1) {
    const client = (line * 7919) % CLIENTS
    const kind = line % 20
    const target =
      kind === 0 ? '/daily.cvd' : kind < 4 ? `/daily-${27_000 + (line % 5)}.cdiff` : '/daily.cvd'
    const [status, bytesSent] = kind === 0 ? [200, 60_000_000] : kind < 4 ? [200, 20_000] : [304, 0]
    const uuid = `fd49bb29-8689-41b4-bef4-${String(client).padStart(12, '0')}`
    const text = printLogLine({
      at: epochMs(from + line * (172_800_000 / lines)),
      from: `10.${client % 200}.${client % 250}.7`,
      method: 'GET',
      target,
      protocol: 'HTTP/1.1',
      status,
      bytesSent,
      referer: '',
      agent: `ClamAV/1.${client % 6}.${client % 4} (OS: Linux, ARCH: x86_64, CPU: x86_64, UUID: ${uuid})`,
    })
    if (!out.write(text)) await once(out, 'drain')
  }
  out.end()
  await finished(out)
}
