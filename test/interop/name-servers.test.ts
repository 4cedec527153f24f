import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DnsLook } from '#adapters/dns/index.ts'
import { openStore, type StorePlace } from '#adapters/store/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import type { Store } from '#ports/store.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { NameServerWatch } from '../../src/roles/monitor/name-servers.ts'
import { Running } from '../support/cvdnet.ts'
import { aMirror, goodSight, healthOf, issued } from '../support/mirrors.ts'
import { startPostgres, withoutPostgres } from '../support/postgres.ts'
import { eventually, run, without } from '../support/run.ts'

/** Two real name servers on one real store: whichever is asked, the zone is one. */
const ZONE = 'clamav.example'
const KEY = 'transfer.clamav.example'
const FIRST = '127.0.0.1'
const SECOND = '127.0.0.2'
const NAME_SERVER = (name: string, address: string) =>
  `[[dns.name_servers]]\nname = "${name}"\naddresses = "${address}"\n`
const DELEGATED = NAME_SERVER('ns1', FIRST) + NAME_SERVER('ns2', SECOND)

interface Place {
  readonly folder: string
  readonly port: number
  readonly secret: string
  /** The table `[store]`, and the variables that it needs. */
  readonly store: string
  readonly env: Readonly<Record<string, string>>
}

async function start(place: Place, host: string, nameServers = DELEGATED): Promise<Running> {
  const { folder, port, store, env } = place
  const config = join(folder, `${host}.toml`)
  await writeFile(
    config,
    `zone = "${ZONE}"
state = "${join(folder, host)}"
${store}
[dns]
hosts = ["${host}"]
port = ${port}
[[dns.secondaries]]
host = "127.0.0.9"
key = "${KEY}"
key_file = "${join(folder, 'key')}"
${nameServers}`,
  )
  const running = new Running(config, env)
  await running.says(/UDP \(.*\) and TCP/)
  return running
}

async function digAt(
  { port, secret }: Place,
  host: string,
  ...args: readonly string[]
): Promise<readonly string[]> {
  const base = [`@${host}`, '-p', String(port), '+norecurse', '+time=2', '+tries=1']
  const { out } = await run('dig', [...base, '-y', `hmac-sha256:${KEY}:${secret}`, ...args])
  const lines = out.split('\n').filter((line) => /^[^;].*\sIN\s/.test(line))
  return lines.map((line) => line.replaceAll(/\s+/g, ' '))
}

const zoneOf = async (place: Place, host: string) => await digAt(place, host, 'AXFR', ZONE)

/** Both tell one SOA, which is not `before`, and transfer the same records in the same order. */
async function agreed(place: Place, before = ''): Promise<string> {
  return await eventually(async () => {
    const [one, other] = [await zoneOf(place, FIRST), await zoneOf(place, SECOND)]
    const [soa = ''] = one
    assert.ok(one.length > 100, 'a whole zone')
    assert.notEqual(soa, before)
    assert.deepEqual(one, other)
    assert.deepEqual(await digAt(place, SECOND, 'SOA', ZONE), [soa])
    return soa
  })
}

async function list(store: Store, name: string, address: string): Promise<void> {
  const now = systemClock.now()
  const record = aMirror(name, { addresses: [address] })
  assert.ok((await store.registry.mirrors.put(name, record, undefined)).ok)
  const health = healthOf(goodSight(issued(now, 1)), now)
  assert.ok((await store.registry.health.put(name, health, undefined)).ok)
}

async function tellsOneZone(place: Place, storePlace: StorePlace): Promise<void> {
  await writeFile(join(place.folder, 'key'), place.secret)
  await using store = await openStore(storePlace)
  await list(store, 'm1', '192.0.2.1')
  await using owned = new AsyncDisposableStack()
  owned.use(await start(place, FIRST))
  const second = owned.use(await start(place, SECOND))
  const soa = await agreed(place)
  await list(store, 'm2', '192.0.2.2')
  const later = await agreed(place, soa)
  assert.ok((await zoneOf(place, SECOND)).some((line) => line.startsWith('m2.')))
  await second.end('SIGKILL')
  await list(store, 'm3', '192.0.2.3')
  const again = owned.use(await start(place, SECOND))
  await agreed(place, later)
  const watch = new NameServerWatch(
    {
      look: new DnsLook(systemClock),
      servers: [FIRST, SECOND].map((host) => ({ host, port: place.port })),
    },
    ZONE,
    systemClock,
  )
  const told = async () => {
    watch.start(new AbortController().signal)
    await watch.rest()
    return watch
      .problems({ kind: 'fine' })
      .flatMap(({ lines }) => lines)
      .join('\n')
  }
  assert.equal(await told(), '')
  await again.end('SIGTERM')
  owned.use(await start(place, SECOND, NAME_SERVER('ns1', FIRST)))
  // It begins with what it answered last.
  await eventually(async () =>
    assert.match(await told(), /names .* as name servers, .* names .*: their settings/),
  )
}

async function aPlace(
  folder: string,
  store: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Place> {
  const secret = randomBytes(32).toString('base64')
  return { folder, port: await freePort([FIRST, SECOND]), secret, store, env }
}

test('two name servers on one SQLite file tell one serial, and transfer the same zone', {
  skip: without('dig'),
}, async () => {
  await using temp = await mkdtempDisposable(join(tmpdir(), 'cvdnet-ns-'))
  const path = join(temp.path, 'store.sqlite')
  const place = await aPlace(temp.path, `[store]\npath = "${path}"`)
  await tellsOneZone(place, { kind: 'sqlite', path })
})

test('two name servers on one PostgreSQL tell one serial, and transfer the same zone', {
  skip: without('dig') || (await withoutPostgres()),
}, async () => {
  await using temp = await mkdtempDisposable(join(tmpdir(), 'cvdnet-ns-'))
  await using postgres = await startPostgres()
  const url = await postgres.database()
  const store = '[store]\nkind = "postgres"\nurl_env = "STORE_URL"'
  await tellsOneZone(await aPlace(temp.path, store, { STORE_URL: url }), { kind: 'postgres', url })
})
