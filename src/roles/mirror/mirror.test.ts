import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { PendingMarks } from '#adapters/disk/index.ts'
import { loadOrMakeKey, SshTrigger } from '#adapters/ssh/index.ts'
import { TufVerifier } from '#adapters/tuf/index.ts'
import type { ManifestVerifier } from '#ports/manifest-signer.ts'
import { TriggerError } from '#ports/trigger.ts'
import { asText, contentOf, releaseFiles, sync } from '../../../test/support/mirror-sync.ts'
import { type MirrorWorld, mirrorWorld } from '../../../test/support/mirror-world.ts'
import { serveTree } from '../../../test/support/web-tree.ts'
import { type Mirror, type MirrorOptions, startMirror } from './index.ts'

const signal = AbortSignal.timeout(60_000)

async function start(it: MirrorWorld, options: Partial<MirrorOptions> = {}) {
  const key = await loadOrMakeKey(join(it.dir, 'master-key'), 'rsync1')
  const events: string[] = []
  const all: MirrorOptions = {
    name: 'mirror1',
    confFile: it.conf,
    home: it.home,
    http: { host: '127.0.0.1', port: 0 },
    ssh: { host: '127.0.0.1', port: 0 },
    hostKeyFile: join(it.dir, 'host-key'),
    masters: [{ name: 'rsync1', key: key.publicKey }],
    onEvent: (line) => events.push(line),
    ...options,
  }
  const mirror = await startMirror(all)
  return {
    mirror,
    key,
    events,
    options: all,
    [Symbol.asyncDispose]: () => mirror[Symbol.asyncDispose](),
  }
}

function call(mirror: Mirror, privateKey: string, user = 'clamavdb') {
  const { host, port, hostKey } = mirror.ssh ?? assert.fail('no master may call')
  const target = { name: mirror.name, host, sshPort: port, user, hostKey }
  const options = { onAdmitted: () => Promise.resolve(), onLine: () => {}, signal }
  return new SshTrigger({ privateKey }).pull(target, options)
}

async function get(mirror: Mirror, path: string, headers: Readonly<Record<string, string>> = {}) {
  return await fetch(`http://${mirror.http.host}:${mirror.http.port}${path}`, { headers })
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await setTimeout(20, undefined, { signal })
}

test('a master’s key runs the sync from that master, and the web server shows it at once', async () => {
  await using it = await mirrorWorld()
  await using started = await start(it)
  const { mirror, key } = started
  assert.equal((await get(mirror, '/timestamp')).status, 404)
  await it.publish(1, releaseFiles(it, 1))
  const end = await call(mirror, key.privateKey)
  assert.equal(end.status, 0, end.lines.join('\n'))
  assert.match(
    end.lines.join('\n'),
    /rsync1: release 1 generation 1: 12 files published, 0 deleted/,
  )
  assert.equal(await (await get(mirror, '/timestamp')).text(), 'generation 1\n')
  assert.deepEqual(mirror.served(), { serial: 1, generation: 1 })
  const daily = await get(mirror, '/daily.cvd')
  assert.equal(daily.headers.get('last-modified'), 'Tue, 14 Nov 2023 23:13:20 GMT')
  const since = { 'If-Modified-Since': daily.headers.get('last-modified') ?? '' }
  assert.equal((await get(mirror, '/daily.cvd', { ...since, Range: 'bytes=0-511' })).status, 304)
  const shown = Date.parse((await get(mirror, '/phish.ndb')).headers.get('last-modified') ?? '')
  assert.ok(Math.abs(Date.now() - shown) < 60_000, 'dated by its publication here')
  await writeFile(join(it.docroot, 'local_logo.png'), 'logo')
  assert.equal(await (await get(mirror, '/local_logo.png')).text(), 'logo')
})

test('a refusal and a failure reach the master as status and words', async () => {
  await using it = await mirrorWorld()
  await using started = await start(it)
  const { mirror, key } = started
  await it.publish(1, { ...releaseFiles(it, 1), 'daily.cvd': it.cvd('main', 1) })
  const refused = await call(mirror, key.privateKey)
  assert.equal(refused.status, 1)
  assert.match(refused.lines.join('\n'), /refused: daily\.cvd is not a database to publish/)
  await it.show(99)
  const failed = await call(mirror, key.privateKey)
  assert.equal(failed.status, 3)
  assert.match(failed.lines.join('\n'), /failed; what is published stays as it is/)
})

test('no other key and no other account opens the door', async () => {
  await using it = await mirrorWorld()
  await using started = await start(it)
  const { mirror, key } = started
  const stranger = await loadOrMakeKey(join(it.dir, 'stranger'), 'stranger')
  const refused = (error: unknown) =>
    error instanceof TriggerError && error.code === 'login-refused'
  await assert.rejects(call(mirror, stranger.privateKey), refused)
  await assert.rejects(call(mirror, key.privateKey, 'root'), refused)
})

/** Believes what TUF believes, but only when the gate is open. */
function gated(it: MirrorWorld) {
  const real = new TufVerifier({
    folder: join(it.state, 'tuf'),
    rootFile: join(it.dir, 'master/keys/root.json'),
  })
  const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const manifests: ManifestVerifier = {
    rootVersion: () => real.rootVersion(),
    async verify(folder, abort) {
      reached.resolve()
      await gate.promise
      return await real.verify(folder, abort)
    },
  }
  return { manifests, reached: reached.promise, open: () => gate.resolve() }
}

test('a trigger during a sync is answered "queued" and carried out by the run under way', async () => {
  await using it = await mirrorWorld()
  const gate = gated(it)
  await using started = await start(it, { manifests: gate.manifests })
  const { mirror, key } = started
  await it.publish(1, releaseFiles(it, 1))
  const first = call(mirror, key.privateKey)
  await gate.reached
  // The first pull is over: what the master publishes now, only another pull can bring.
  await it.publish(2, releaseFiles(it, 2))
  const second = await call(mirror, key.privateKey)
  assert.equal(second.status, 0)
  assert.match(second.lines.join('\n'), /^queued: process \d+ \(sync from rsync1\) will do it$/)
  assert.equal((await sync(it)).end.kind, 'queued', 'another process is told the same')
  gate.open()
  assert.equal((await first).status, 0)
  assert.deepEqual(mirror.served(), { serial: 2, generation: 2 })
})

test('what a killed run left wanted is carried out at the next start', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, releaseFiles(it, 1))
  await mkdir(it.state)
  await new PendingMarks(join(it.state, 'pending')).add('rsync1')
  await using started = await start(it)
  await until(() => started.mirror.served()?.generation === 1)
})

test('a tree that another process switched to is served soon', async () => {
  await using it = await mirrorWorld()
  await using started = await start(it)
  await it.publish(1, releaseFiles(it, 1))
  assert.equal((await sync(it)).end.kind, 'done')
  await until(async () => (await get(started.mirror, '/timestamp')).status === 200)
})

test('a mirror that starts again serves what it had, with the same dates', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, releaseFiles(it, 1))
  const dateOf = async (mirror: Mirror) =>
    (await get(mirror, '/phish.ndb')).headers.get('last-modified')
  let before: string | null
  {
    await using started = await start(it)
    await call(started.mirror, started.key.privateKey)
    before = await dateOf(started.mirror)
  }
  await setTimeout(1100)
  await using again = await start(it)
  assert.deepEqual(again.mirror.served(), { serial: 1, generation: 1 })
  assert.equal(await dateOf(again.mirror), before)
})

test('closing a mirror in the middle of a sync ends the sync and loses nothing', async () => {
  await using it = await mirrorWorld()
  const gate = gated(it)
  await it.publish(1, releaseFiles(it, 1))
  const { mirror } = await start(it, { manifests: gate.manifests })
  const words: string[] = []
  const tell = (line: string) => words.push(line)
  const run = mirror.sync('rsync1', { print: tell, complain: tell })
  await gate.reached
  const closing = mirror[Symbol.asyncDispose]()
  gate.open()
  await closing
  assert.equal((await run).kind, 'failed')
  assert.match(words.join('\n'), /the mirror is stopping/)
  assert.deepEqual(await contentOf(it.docroot).catch(() => ({})), {})
  await using again = await start(it)
  await until(() => again.events.some((line) => line.includes('files published')))
  await again.mirror[Symbol.asyncDispose]()
  assert.deepEqual(await contentOf(it.docroot), asText(releaseFiles(it, 1)))
  assert.match(await readFile(join(it.state, 'journal.jsonl'), 'utf8'), /"failed"/)
})

test('a mirror that nobody calls has no door, and pulls by itself as often as it is told', async () => {
  await using it = await mirrorWorld()
  await using web = await serveTree(join(it.dir, 'master/current'))
  await it.writeConf({ UPSTREAM: web.url, MASTERS: '' })
  await it.publish(1, releaseFiles(it, 1))
  await using started = await start(it, { masters: [], pullEveryMs: 200 })
  const { mirror, events } = started
  assert.equal(mirror.ssh, undefined)
  await until(() => mirror.served()?.serial === 1)
  await it.publish(2, releaseFiles(it, 2))
  await until(() => mirror.served()?.serial === 2)
  assert.equal(await (await get(mirror, '/timestamp')).text(), 'generation 2\n')
  const looks = web.asked.length
  await until(() => web.asked.length > looks + 3)
  const syncs = events.filter((line) => line.includes('syncing from'))
  assert.equal(syncs.length, 2, 'what brings nothing new is not told')
})

test('a mirror whose masters may miss it pulls from the first of them that answers', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, releaseFiles(it, 1))
  const masters = `gone=127.0.0.1:1 rsync1=127.0.0.1:${it.rsyncPort}`
  await it.writeConf({ MASTERS: masters })
  await using started = await start(it, { pullEveryMs: 60_000 })
  await until(() => started.mirror.served()?.serial === 1)
  assert.match(started.events.join('\n'), /^gone: failed/m)
})

test('an interval is followed while it runs, and one without anybody to ask is told', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, releaseFiles(it, 1))
  await it.writeConf({ MASTERS: '' })
  await using started = await start(it)
  const { mirror, events, options } = started
  await mirror.change({ ...options, pullEveryMs: 60_000 })
  await until(() => events.some((line) => /name nobody to pull from/.test(line)))
  await it.writeConf({ MASTERS: `rsync1=127.0.0.1:${it.rsyncPort}` })
  const changes = await mirror.change({ ...options, pullEveryMs: 50_000 })
  assert.deepEqual(changes?.done, ['clam-clientsync.conf', 'pull interval'])
  await until(() => mirror.served()?.serial === 1)
})
