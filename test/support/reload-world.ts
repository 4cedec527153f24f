import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { systemClock } from '#adapters/system/index.ts'
import { toSeconds } from '#base/time.ts'
import { printSnapshot } from '#core/zone/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { decoded, query, sendUdp } from './dns-client.ts'
import { Reloading } from './reloading.ts'
import { aSnapshot } from './zone.ts'

export const HOST = '127.0.0.1'
export const ZONE = 'clamav.example'
/** Where nobody answers, this is waited for. */
const ANSWER_MS_MAX = 500

/** A name server and what tells its numbers; the zone is delivered when the test likes. */
export async function reloadWorld(t: TestContext) {
  const owned = new AsyncDisposableStack()
  t.after(() => owned.disposeAsync())
  const folder = owned.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-reload-')))
  const at = (name: string) => join(folder.path, name)
  const ports = { dns: await freePort([HOST]), metrics: await freePort([HOST]) }
  const metrics = (port = ports.metrics) => `[metrics]\nhost = "${HOST}"\nport = ${port}\n`
  const dns = (port = ports.dns, zone = ZONE) => `[dns]
hosts = ["${HOST}"]
port = ${port}
snapshot = "${zone}.json"
[[dns.name_servers]]
name = "ns1"
addresses = "${HOST}"
`
  const settings = (zone: string, ...tables: readonly string[]) =>
    `zone = "${zone}"\nstate = "node"\n${tables.join('')}`
  const deliver = (zone = ZONE) =>
    writeFile(
      at(`${zone}.json`),
      printSnapshot(aSnapshot({ zone, heardAt: toSeconds(systemClock.now()) })),
    )
  const start = async (text: string) => owned.use(await Reloading.start(at('cvdnet.toml'), text))
  return { owned, at, ports, metrics, dns, settings, deliver, start }
}

/** Whether a name server there tells the zone's SOA. */
export async function answers(port: number, zone = ZONE): Promise<boolean> {
  const bytes = await sendUdp({ host: HOST, port }, query(zone, 'SOA'), ANSWER_MS_MAX)
  return bytes !== undefined && decoded(bytes).answer.length === 1
}

export async function tellsMetrics(port: number): Promise<boolean> {
  const answer = await fetch(`http://${HOST}:${port}/metrics`, { headers: { connection: 'close' } })
  return (await answer.text()).includes('process_resident_memory_bytes')
}
