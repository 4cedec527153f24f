/**
 * Runs in a network namespace of its own, as root: the demo network with its name server on port 53, which is all that
 * resolv.conf names, and a stock freshclam that knows nothing but names. `freshclam-world.ts SCENARIO`; status 0 is good.
 */
import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '#adapters/system/index.ts'
import { makeNetworkKeys } from '#adapters/tuf/index.ts'
import { HEALTH_POLICY } from '#core/health/index.ts'
import { parseLogLine } from '#formats/access-log/index.ts'
import { StoreFeed, startDns } from '#roles/dns/index.ts'
import { type Mirror, startMirror } from '#roles/mirror/index.ts'
import { startMonitor } from '#roles/monitor/index.ts'
import { ZONE } from '../../dev/demo/index.ts'
import { layout } from '../../dev/demo/layout.ts'
import { CVDNET } from './cvdnet.ts'
import { dnsOptions } from './dns-options.ts'
import { type TestNetwork, testNetwork } from './network.ts'
import { type Ended, realData, run } from './run.ts'
import { addresses } from './zone.ts'

const cvd = (version: number) => ({ path: realData(`clamav/test-${version}.cvd`), as: 'test.cvd' })
const cdiff = (version: number) => realData(`clamav/test-${version}.cdiff`)
const DNS_HOST = '127.0.0.1'
/** What freshclam is told by its `--update-db`. */
const ONLY_TEST = [
  'ExcludeDatabase daily',
  'ExcludeDatabase main',
  'Bytecode no',
  'ExtraDatabase test',
]
/** Guess: ten rounds of the monitor, and a busy machine. */
const ANNOUNCED_WITHIN_MS = 20_000

interface World extends AsyncDisposable {
  readonly network: TestNetwork
  readonly mirrors: readonly Mirror[]
  /** Paths that clients asked for, since last emptied. */
  readonly asked: string[]
  /** A client with a folder of its own. */
  freshclam(name: string, host: string): Promise<Ended>
  /** Ours instead, on the same folder. */
  cvdnet(name: string, host: string, ...more: readonly string[]): Promise<Ended>
  /** What is in that client's folder. */
  versionOf(name: string): Promise<string>
  release(version: number): Promise<void>
}

async function makeWorld(): Promise<World> {
  const mirrors: Mirror[] = []
  const asked: string[] = []
  const network = await testNetwork(2, {
    startMirrors: async (planned) => {
      await using starting = new AsyncDisposableStack()
      for (const mirror of planned) {
        const onLines = (lines: string) => {
          const { agent = '', target = '' } = parseLogLine(lines.trimEnd()) ?? {}
          if (/^(?:ClamAV|clamav|cvdnet)\//.test(agent)) asked.push(target)
        }
        mirrors.push(starting.use(await startMirror({ ...mirror, onLines })))
      }
      return starting.move()
    },
  })
  const configured = async (name: string, host: string, more: readonly string[]) => {
    const folder = join(clients, name)
    await mkdir(folder, { recursive: true })
    const lines = [
      'DatabaseOwner root',
      `DatabaseDirectory ${folder}`,
      `DatabaseMirror http://${host}:${port}`,
      'DNSDatabaseInfo current.cvd.clamav.test',
      'MaxAttempts 1',
      ...more,
    ]
    await writeFile(`${folder}.conf`, `${lines.join('\n')}\n`)
    return `${folder}.conf`
  }
  const watching = await watch(network)
  const port = network.json.mirrors[0]?.httpPort
  const clients = join(network.folder, 'clients')
  return {
    network,
    mirrors,
    asked,
    async freshclam(name, host) {
      const conf = `--config-file=${await configured(name, host, [])}`
      return await run('freshclam', ['--stdout', '--verbose', conf, '--update-db=test'])
    },
    async cvdnet(name, host, ...more) {
      const conf = await configured(name, host, ONLY_TEST)
      return await run(process.execPath, [CVDNET, 'update', '--config', conf, ...more])
    },
    async versionOf(name) {
      const [file] = (await readdir(join(clients, name))).filter((one) =>
        /^test\.c[vl]d$/.test(one),
      )
      const info = await run('sigtool', ['--info', join(clients, name, file ?? '')])
      return /^Version: (\d+)$/m.exec(info.out)?.[1] ?? info.all
    },
    async release(version) {
      await network.release(version === 1 ? [cvd(1)] : [cvd(version), cdiff(version)])
      const announced = () => watching.dns.snapshot().announced?.versions.values().toArray()
      for (
        let waited = 0;
        waited < ANNOUNCED_WITHIN_MS && announced()?.[0] !== version;
        waited += 50
      ) {
        await wait(50)
      }
      assert.deepEqual(announced(), [version])
    },
    async [Symbol.asyncDispose]() {
      await watching[Symbol.asyncDispose]()
      await network[Symbol.asyncDispose]()
    },
  }
}

/** A monitor that looks all the time and takes nobody out, so that clients meet the dead; and the zone on port 53. */
async function watch({ store, folder }: TestNetwork) {
  await using starting = new AsyncDisposableStack()
  const health = { ...HEALTH_POLICY, roundMs: 2000, confirmMs: 500, failedLooksToDown: 1000 }
  const onEvent = () => {}
  starting.use(
    startMonitor({
      name: 'monitor1',
      zone: ZONE,
      store,
      health,
      looksAtOnce: 8,
      anchors: [],
      nameServers: [],
      tree: undefined,
      mail: undefined,
      onEvent,
    }),
  )
  const facts = {
    zone: ZONE,
    nameServers: [{ name: 'ns1', addresses: addresses(DNS_HOST) }],
    masters: [],
    engine: { newestClamav: '1.4.6', versionWarning: 0, level: 90, safebrowsing: undefined },
  }
  const source = starting.use(new StoreFeed({ store, facts, clock: systemClock, onEvent }))
  const dns = starting.use(
    await startDns(
      dnsOptions({
        zone: ZONE,
        hosts: [DNS_HOST],
        port: 53,
        source,
        lastSnapshot: join(folder, 'dns', 'last-snapshot.json'),
        policy: (policy) => ({ ...policy, overrideClamavNet: true }),
        onEvent,
      }),
    ),
  )
  const running = starting.move()
  return { dns, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

const SCENARIOS: Readonly<Record<string, (world: World) => Promise<void>>> = {
  async cheap(world) {
    await world.release(1)
    const first = await world.freshclam('client', 'database.clamav.test')
    assert.equal(first.status, 0, first.all)
    assert.equal(await world.versionOf('client'), '1')
    world.asked.length = 0
    const second = await world.freshclam('client', 'database.clamav.test')
    assert.equal(second.status, 0, second.all)
    assert.match(second.all, /up-to-date/)
    assert.deepEqual(world.asked, [], second.all)
    await world.release(2)
    const third = await world.freshclam('client', 'database.clamav.test')
    assert.equal(third.status, 0, third.all)
    assert.equal(await world.versionOf('client'), '2')
    assert.deepEqual(world.asked, ['/test-2.cdiff'])
  },

  async ours(world) {
    await world.release(1)
    const first = await world.cvdnet('client', 'database.clamav.test')
    assert.equal(first.status, 0, first.all)
    assert.equal(await world.versionOf('client'), '1')
    world.asked.length = 0
    const second = await world.cvdnet('client', 'database.clamav.test')
    assert.match(second.out, /^test is up to date, version 1$/m)
    assert.deepEqual([second.status, world.asked], [0, []], second.all)
    await world.release(2)
    const third = await world.cvdnet('client', 'database.clamav.test')
    assert.match(third.out, /^test 1 → version 2, by patches/m)
    assert.deepEqual([third.status, world.asked], [0, ['/test-2.cdiff']], third.all)
    // A stock freshclam goes on with what ours left, and ours with what that leaves.
    await world.release(3)
    const stock = await world.freshclam('client', 'database.clamav.test')
    assert.equal(stock.status, 0, stock.all)
    assert.equal(await world.versionOf('client'), '3')
    await world.release(4)
    const fourth = await world.cvdnet('client', 'database.clamav.test')
    assert.match(fourth.out, /^test 3 → version 4, by patches/m)
    // Whoever has the network's root takes what its manifest says, and nothing from another network.
    const { networkKeys } = layout(world.network.folder)
    const root = join(networkKeys, 'root.json')
    const rooted = await world.cvdnet('rooted', 'database.clamav.test', '--network-root', root)
    assert.match(rooted.out, /^test is new: version 4, whole/m, rooted.all)
    const foreign = join(world.network.folder, 'foreign')
    await makeNetworkKeys(foreign, systemClock.now())
    const other = ['--network-root', join(foreign, 'root.json')]
    const refused = await world.cvdnet('foreign', 'database.clamav.test', ...other)
    assert.equal(refused.status, 1, refused.all)
    assert.match(refused.err, /^test was not updated: .*the network’s manifest: /m)
    const [dead] = world.mirrors
    await dead?.[Symbol.asyncDispose]()
    for (const name of ['one', 'two', 'three', 'four']) {
      const update = await world.cvdnet(name, 'db.test.clamav.test')
      assert.equal(update.status, 0, update.all)
      assert.equal(await world.versionOf(name), '4')
    }
  },

  async failover(world) {
    await world.release(1)
    const [dead] = world.mirrors
    await dead?.[Symbol.asyncDispose]()
    for (const name of ['one', 'two', 'three', 'four']) {
      const update = await world.freshclam(name, 'db.test.clamav.test')
      assert.equal(update.status, 0, update.all)
      assert.equal(await world.versionOf(name), '1')
    }
  },
}

const [, , name = ''] = process.argv
const scenario = SCENARIOS[name]
if (scenario === undefined) throw new Error(`Cannot run the scenario "${name}"`)
await using world = await makeWorld()
await scenario(world)
