import assert from 'node:assert/strict'
import { once } from 'node:events'
import { access, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { lockHolder } from '#adapters/disk/index.ts'
import { isListening } from '#adapters/system/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { Running } from '../support/cvdnet.ts'
import { sigmaker, writeNodes } from '../support/nodes.ts'
import { startPostgres, withoutPostgres } from '../support/postgres.ts'
import { Reloading } from '../support/reloading.ts'
import { eventually, run, without, withoutRealData } from '../support/run.ts'

const skip = without('ssh', 'rsync') || withoutRealData()
const skipPostgres = skip || (await withoutPostgres())
const HOST = '127.0.0.1'
const MIRROR_HOST = '127.0.1.1'
const STORE = '[store]\nkind = "postgres"\nurl_env = "STORE_URL"'

async function world(t: TestContext, store = '') {
  const owned = new AsyncDisposableStack()
  t.after(() => owned.disposeAsync())
  const { path: folder } = owned.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-run-')))
  const { master, mirror, ports, identity } = await writeNodes(folder, store)
  const text = await readFile(master, 'utf8')
  return {
    owned,
    folder,
    mirror,
    ports,
    /** The master's settings, with other numbers of releases kept. */
    keeping: (releases: number, more = '') =>
      text.replace('[master.ssh]', `releases_kept = ${releases}\n[master.ssh]`) + more,
    start: async (env: Readonly<Record<string, string>> = {}) => {
      const node = owned.use(await Reloading.start(master, text, env))
      await node.says(/rsync1: master, ssh/)
      return node
    },
    ...sigmaker(identity, ports.ssh, folder),
  }
}

/** Holds up whoever commits a release, until it is disposed. */
async function holdReleases(url: string): Promise<AsyncDisposable & { isMet(): Promise<boolean> }> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  await client.query('BEGIN')
  await client.query('LOCK TABLE heads IN SHARE MODE')
  return {
    isMet: async () => {
      const waiting = await client.query(
        `SELECT 1 FROM pg_locks WHERE relation = 'heads'::regclass AND NOT granted`,
      )
      return waiting.rows.length > 0
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

test('a master finishes a release before it follows other settings, of which the last hold then', {
  skip: skipPostgres,
}, async (t) => {
  await using postgres = await startPostgres()
  const url = await postgres.database()
  const { owned, mirror, keeping, start, upload, trigger } = await world(t, STORE)
  const first = owned.use(new Running(mirror))
  await first.says(/mirror1: mirror, http/)
  const node = await start({ STORE_URL: url })
  await upload(1)
  const hold = await holdReleases(url)
  const releasing = trigger()
  await eventually(async () => assert.ok(await hold.isMet()))
  const finishes = /^reload: master finishes first what is under way$/m
  await node.reload(finishes, keeping(9))
  // Two more at once, and a last one, while that waits.
  const metrics = (port: number) => `[metrics]\nhost = "${HOST}"\nport = ${port}\n`
  const [notThere, there] = [await freePort([HOST]), await freePort([HOST])]
  await node.write(keeping(8, metrics(notThere)))
  const said = node.hangUp()
  node.hangUp()
  await node.write(keeping(9, metrics(there)))
  node.hangUp()
  // It lets sigmakers in, and is where it was.
  const second = await upload(2)
  assert.equal(second.status, 0, second.all)
  assert.ok(await hold.isMet())
  assert.equal(said(), '')
  await hold[Symbol.asyncDispose]()
  const one = await releasing
  assert.equal(one.status, 0, one.all)
  assert.match(one.out, /test 1 is published as release 1/)
  const followed = await node.heard(said, /^reloaded: metrics \(started\)$/m)
  assert.equal(followed.match(/^reloaded: master \(stopped and started anew\)$/gm)?.length, 1)
  assert.doesNotMatch(followed, /not reloaded/)
  assert.deepEqual(
    [await isListening(HOST, there), await isListening(HOST, notThere)],
    [true, false],
  )
  assert.equal(node.said.match(/rsync1: master, ssh/g)?.length, 2, node.said)
  const two = await trigger()
  assert.equal(two.status, 0, two.all)
  assert.match(two.out, /test 2 is published as release 2[\s\S]*1 of 1 mirrors serve it/)
  assert.equal(await node.end('SIGTERM'), 0, node.said)
})

test('a master that stops lets go of its folder when the release in it has ended, not before', {
  skip: skipPostgres,
}, async (t) => {
  await using postgres = await startPostgres()
  const url = await postgres.database()
  const { folder, ports, start, upload, trigger } = await world(t, STORE)
  const node = await start({ STORE_URL: url })
  await upload(1)
  const hold = await holdReleases(url)
  const releasing = trigger()
  await eventually(async () => assert.ok(await hold.isMet()))
  node.child.kill('SIGTERM')
  // The sigmaker is not kept for ever.
  await releasing
  const pull = await run('rsync', [`rsync://mirror1@${HOST}:${ports.rsync}/clamavdb/`], {
    env: { RSYNC_PASSWORD: 'wonderland' },
  })
  assert.equal(pull.status, 0, pull.all)
  const holder = await lockHolder(join(folder, 'one/master/lock'))
  assert.equal(holder?.pid, node.child.pid)
  assert.ok(await hold.isMet())
  await hold[Symbol.asyncDispose]()
  assert.equal(await node.ended(), 0, node.said)
  await access(join(folder, 'one/master/current/test.cvd'))
  const again = await start({ STORE_URL: url })
  assert.match((await trigger()).out, /rsync1/)
  assert.equal(await again.end('SIGTERM'), 0, again.said)
})

test('a mirror that does not answer keeps a master from no settings, and is pushed to afterwards', {
  skip,
}, async (t) => {
  const { owned, folder, ports, keeping, start, release } = await world(t)
  // It takes calls and says nothing.
  const calls: Socket[] = []
  const silent = createServer((socket) => calls.push(socket.on('error', () => {})))
  owned.defer(async () => {
    for (const socket of calls) socket.destroy()
    await silent[Symbol.asyncDispose]()
  })
  silent.listen(ports.mirrorSsh, MIRROR_HOST)
  await once(silent, 'listening')
  const node = await start()
  await eventually(async () => assert.ok(calls.length > 0))
  const releasing = release(1)
  await eventually(() => access(join(folder, 'one/master/current/test.cvd')))
  const before = calls.length
  await node.reload(/^reloaded: master \(stopped and started anew\)$/m, keeping(9))
  const one = await releasing
  assert.equal(one.status, 0, one.all)
  assert.match(one.out, /test 1 is published as release 1/)
  assert.match(one.err, /not yet on mirror1; the push goes on without you/)
  await eventually(async () => assert.ok(calls.length > before))
  assert.equal(await node.end('SIGTERM'), 0, node.said)
})

test('a folder without the keys that a master has published with is refused, and no new ones are made', {
  skip,
}, async (t) => {
  const { folder, keeping, start, release } = await world(t)
  const node = await start()
  const typo = keeping(5).replace('"one/network"', '"one/netwrok"')
  const said = await node.reload(/^not reloaded: master stays as it was: .*$/m, typo)
  assert.match(said, /Cannot find ".*one\/netwrok\/root\.json": mirrors believe no other keys/)
  await assert.rejects(access(join(folder, 'one/netwrok')))
  const one = await release(1)
  assert.match(one.out, /test 1 is published as release 1/, one.all)
  assert.equal(await node.end('SIGTERM'), 0, node.said)
})

// A secret that is another, in the same settings.
test('a master that waits for its store follows when the address of the store is put right', {
  skip: skipPostgres,
}, async (t) => {
  await using postgres = await startPostgres()
  const url = await postgres.database()
  const { folder, start, release } = await world(
    t,
    '[store]\nkind = "postgres"\nurl_file = "store-url"',
  )
  const file = join(folder, 'store-url')
  await writeFile(file, url)
  const first = await start()
  assert.equal((await release(1)).status, 0)
  assert.equal(await first.end('SIGTERM'), 0, first.said)
  await writeFile(file, `postgres://cvdnet@/none?host=${encodeURIComponent(folder)}`)
  const node = await start()
  assert.match(node.said, /the store is away; publishing waits for it/)
  await writeFile(file, url)
  const said = await node.reload(/^reloaded: master \(stopped and started anew\)$/m)
  assert.doesNotMatch(said, /finishes first/)
  const two = await release(2)
  assert.equal(two.status, 0, two.all)
  assert.match(two.out, /test 2 is published as release 2/)
  assert.equal(await node.end('SIGTERM'), 0, node.said)
})
