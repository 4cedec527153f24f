import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openStore } from '#adapters/store/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { toSeconds } from '#base/time.ts'
import type { Release } from '#core/release/index.ts'
import type { Store } from '#ports/store.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { decoded, query, sendUdp } from '../../test/support/dns-client.ts'
import { aMirror, goodSight, healthOf, issued } from '../../test/support/mirrors.ts'
import { aGeneration, aName, aSerial, aVersion } from '../../test/support/values.ts'

const CVDNET = join(import.meta.dirname, '../cvdnet.ts')

test('a node with [dns] and a store answers what the store says, as it changes', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-run-dns-'))
  const config = join(folder.path, 'cvdnet.toml')
  const port = await freePort(['127.0.0.1'])
  const metrics = await freePort(['127.0.0.1'])
  await writeFile(
    config,
    `zone = "clamav.example"
state = "state"
[store]
path = "store.sqlite"
[metrics]
port = ${metrics}
[dns]
hosts = ["127.0.0.1"]
port = ${port}
[[dns.name_servers]]
name = "ns1"
addresses = "127.0.0.1"
`,
  )
  await using store = await openStore({ kind: 'sqlite', path: join(folder.path, 'store.sqlite') })
  await using _ = running(config)
  const answers = async (name: string, type: 'A' | 'TXT') => {
    const bytes = await sendUdp({ host: '127.0.0.1', port }, query(name, type), 500)
    return bytes === undefined ? [] : decoded(bytes).answer
  }
  await until(async () => (await answers('ns1.clamav.example', 'A')).length === 1)
  assert.equal((await answers('current.cvd.clamav.example', 'TXT')).length, 0)
  await fill(store)
  await until(async () => (await answers('current.cvd.clamav.example', 'TXT')).length === 1)
  const [record] = await answers('current.cvd.clamav.example', 'TXT')
  assert.ok(record?.data.kind === 'txt')
  assert.match(
    Buffer.concat(record.data.strings).toString('latin1'),
    /^1\.4\.6:0:27100:\d+:0:90:0:0$/,
  )
  assert.equal((await answers('db.test.clamav.example', 'A')).length, 1)
  const about = (path: string) => fetch(`http://127.0.0.1:${metrics}${path}`)
  assert.match(await (await about('/metrics')).text(), /\ncvdnet_dns_announced_serial 1\n/)
  assert.partialDeepStrictEqual(await (await about('/dns')).json(), {
    zone: 'clamav.example',
    announced: 1,
  })
  const explained = await about('/explain?client=127.0.0.1&name=db.test.clamav.example')
  assert.partialDeepStrictEqual(await explained.json(), {
    client: { address: '127.0.0.1', by: 'nothing' },
    answers: [{ type: 'A', choice: { mirrors: ['m1'] } }, { type: 'AAAA' }],
  })
  const refused = await about('/explain?client=nobody')
  assert.equal(refused.status, 400)
  assert.deepEqual(await refused.json(), { error: 'client is no address: "nobody"' })
})

/** One mirror that serves release 1, which is announced. */
async function fill(store: Store): Promise<void> {
  const now = systemClock.now()
  const file = {
    kind: 'database',
    name: aName('daily'),
    version: aVersion(27_100),
    path: 'daily.cvd',
    bytes: 1,
    sha256: '00'.repeat(32),
    datedAt: toSeconds(now),
    builtAt: toSeconds(now),
  } as const
  const files = new Map([[file.path, file]])
  const release: Release = { serial: aSerial(1), publishedAt: toSeconds(now), files }
  const head = { release, generation: aGeneration(1), master: 'rsync1', committedAt: now }
  await store.registry.mirrors.put('m1', aMirror('m1'), undefined)
  await store.registry.health.put('m1', healthOf(goodSight(issued(now, 1)), now), undefined)
  assert.ok((await store.releases.commit(head, undefined)).ok)
  assert.ok((await store.releases.announce(release.serial, now)).ok)
}

function running(config: string): AsyncDisposable {
  const child = spawn(process.execPath, [CVDNET, 'run', '--config', config], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      const [status] = await ended
      assert.equal(status, 0)
    },
  }
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await isTrue()) return
    await wait(50)
  }
  assert.fail('it did not happen')
}
