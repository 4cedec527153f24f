/** A name server of ours for `bench/dns.ts`: `dns-server.ts KIND PORT MIRRORS`. */
import { startBatchedServer, startDgramServer } from '#adapters/dns/index.ts'
import { parseIpPrefix } from '#base/ip-address.ts'
import { overrideTable } from '#core/places/index.ts'
import { aSetup } from '../test/support/zone.ts'
import { benchSnapshot } from './dns-zone.ts'

const [, , kind, port, mirrors] = process.argv
const prefix = parseIpPrefix('127.0.0.0/8')
if (prefix === undefined) throw new Error('Cannot happen')
const snapshot = benchSnapshot(Number(mirrors))
const setup = aSetup({ snapshot, overrides: overrideTable([{ prefix, country: 'DE' }]) })
const start = kind === 'batched' ? startBatchedServer : startDgramServer
const server = await start({ host: '127.0.0.1', port: Number(port) }, setup)
process.stdout.write(`${server.kind}\n`)
// A signal brings the next snapshot, in which only the first mirror is well.
process.on('SIGUSR2', () => {
  const [first, ...others] = snapshot.mirrors
  const gone = others.map((mirror) => ({
    ...mirror,
    listing: { kind: 'unlisted', state: 'paused', reason: 'bench' } as const,
  }))
  if (first !== undefined) server.answerFrom({ ...snapshot, mirrors: [first, ...gone] })
})
process.on('SIGTERM', () => process.exit(0))
setInterval(() => {}, 60_000)
