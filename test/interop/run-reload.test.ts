import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { connect } from 'node:tls'
import { loadOrMakeKey } from '#adapters/ssh/index.ts'
import { isListening } from '#adapters/system/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { Running } from '../support/cvdnet.ts'
import { releaseFiles, synced } from '../support/mirror-sync.ts'
import { mirrorWorld } from '../support/mirror-world.ts'
import { eventually, run, without } from '../support/run.ts'
import { testCertificate } from '../support/test-ca.ts'

const skip = without('rsync')
/** What answers under way get at a stop. */
const CLOSE_GRACE_MS = 2_000
const HOST = '127.0.0.1'
/** More than the buffers of both ends of a connection take. */
const LARGE = Buffer.alloc(24 * 1024 * 1024, 'large.ndb:0:*:6162636465666768\n')

/** A mirror with one release, run from a settings file that the test changes. */
async function world(t: TestContext, workers = 1) {
  const owned = new AsyncDisposableStack()
  t.after(() => owned.disposeAsync())
  const it = owned.use(await mirrorWorld())
  await it.publish(1, { ...releaseFiles(it, 1), 'large.ndb': LARGE })
  await synced(it)
  const key = await loadOrMakeKey(join(it.dir, 'master-key'), 'rsync1')
  const ports = { http: await freePort([HOST]), ssh: await freePort([HOST]) }
  const file = join(it.dir, 'cvdnet.toml')
  const mirror = (http = '', { port = ports.http, state = 'node' } = {}) => `zone = "clamav.test"
state = "${state}"
[mirror]
name = "mirror1"
conf = "${it.conf}"
[mirror.ssh]
host = "${HOST}"
port = ${ports.ssh}
[mirror.http]
host = "${HOST}"
port = ${port}
${workers === 1 ? '' : `workers = ${workers}\n`}${http}
[[mirror.masters]]
name = "rsync1"
key = "${key.publicKey}"
`
  const write = (text: string) => writeFile(file, text)
  await write(mirror())
  const node = owned.use(new Running(file))
  await node.says(/mirror1: host key/)
  /** Has the node read its settings, and resolves to all that it says of that. */
  const reload = async (text: string, until: RegExp): Promise<string> => {
    await write(text)
    const before = node.said.length
    node.child.kill('SIGHUP')
    return await eventually(async () => {
      assert.equal(node.child.exitCode, null, node.said)
      const said = node.said.slice(before)
      assert.match(said, until)
      return said
    })
  }
  const ask = async (path: string, port = ports.http) => {
    const answer = await fetch(`http://${HOST}:${port}${path}`, {
      headers: { connection: 'close' },
    })
    await answer.arrayBuffer()
    return answer.status
  }
  return { it, ports, mirror, node, write, reload, ask }
}

/** The large file, of which nothing is read until `rest` is called. */
async function begin(t: TestContext, port: number): Promise<{ rest(): Promise<Buffer> }> {
  const asked = get({ host: HOST, port, path: '/large.ndb', agent: false })
  t.after(() => asked.destroy())
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  assert.equal(answer.statusCode, 200)
  const rest = async () => {
    const chunks: Buffer[] = []
    for await (const chunk of answer) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  return { rest }
}

/** Whose certificate somebody is shown who comes now. */
async function certificateAt(port: number): Promise<string> {
  const socket = connect({ host: HOST, port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return String(CN)
}

/** Asks again and again, a connection each, until it is stopped; then it tells every answer that was not 200. */
function keepAsking(ask: (path: string) => Promise<number>) {
  const stop = new AbortController()
  const failures: string[] = []
  let answers = 0
  const asking = (async () => {
    while (!stop.signal.aborted) {
      const got = await ask('/timestamp').catch((error: unknown) => String(error))
      if (got !== 200) failures.push(String(got))
      answers += 1
    }
  })()
  return async () => {
    stop.abort()
    await asking
    assert.ok(answers > 0)
    return failures
  }
}

test('the same settings change nothing, faulty ones are told with their lines and change nothing', {
  skip,
}, async (t) => {
  const { mirror, node, reload, ask } = await world(t)
  await reload(mirror(), /^reloaded: nothing to change$/m)
  const syntax = await reload(`${mirror()}\n[mirror`, /not reloaded: .* goes on as it was/)
  assert.match(syntax, /cvdnet\.toml: line 17: incomplete key-value/)
  const faults = await reload(
    mirror('speeds = "fast"\ndownloads_max = -1'),
    /not reloaded: .* 2 fault\(s\); everything goes on as it was/,
  )
  assert.match(faults, /line 12: .*speeds[\s\S]*line 13: .*downloads_max/)
  assert.equal(await ask('/timestamp'), 200)
  const moved = await reload(mirror('', { state: 'other' }), /nothing to change|reloaded: mirror/)
  assert.match(moved, /not reloaded: state stays ".*node" until a restart/)
  const workers = await reload(mirror('workers = 2'), /^not reloaded: .*$/m)
  assert.match(workers, /mirror keeps its http workers: their number stays until a restart/)
  assert.equal(await node.end('SIGTERM'), 0, node.said)
})

for (const workers of [1, 2]) {
  test(`a limit holds from the reload on; downloads and requests under way notice nothing, with ${workers} worker(s)`, {
    skip,
  }, async (t) => {
    const { mirror, node, ports, write, reload, ask } = await world(t, workers)
    const download = await begin(t, ports.http)
    const failures = keepAsking(ask)
    assert.equal(await ask('/large.ndb'), 200)
    await reload(mirror('downloads_max = 1'), /^reloaded: mirror \(http limits\)$/m)
    // The download from before is counted.
    assert.equal(await ask('/large.ndb'), 503)
    // Two at once: the second of them is answered after the first, or as one with it.
    const said = node.said.length
    await write(mirror('downloads_max = 0'))
    node.child.kill('SIGHUP')
    node.child.kill('SIGHUP')
    await eventually(async () => assert.match(node.said.slice(said), /mirror \(http limits\)/))
    assert.doesNotMatch(node.said.slice(said), /not reloaded/)
    assert.equal(await ask('/large.ndb'), 200)
    assert.ok((await download.rest()).equals(LARGE))
    assert.deepEqual(await failures(), [])
    assert.equal(await node.end('SIGTERM'), 0, node.said)
  })
}

for (const workers of [1, 2]) {
  test(`a listener moves to another port, and the old one lets a download end, with ${workers} worker(s)`, {
    skip,
  }, async (t) => {
    const { mirror, ports, reload, ask } = await world(t, workers)
    const download = await begin(t, ports.http)
    const port = await freePort([HOST])
    await reload(mirror('', { port }), /^reloaded: mirror \(http address\)$/m)
    assert.equal(await ask('/timestamp', port), 200)
    assert.equal(await isListening(HOST, ports.http), false)
    // Longer than a stop would leave it.
    await wait(CLOSE_GRACE_MS + 500)
    assert.ok((await download.rest()).equals(LARGE))
    // One that is taken is told, and the mirror stays where it is.
    const other = createServer().listen(0, HOST)
    t.after(() => other.close())
    await once(other, 'listening')
    const taken = (other.address() as AddressInfo).port
    const said = await reload(mirror('', { port: taken }), /not reloaded: /)
    assert.match(said, /mirror keeps its http address: Cannot listen on .* port \d+/)
    assert.equal(await ask('/timestamp', port), 200)
  })
}

test('roles come and go, and the others are not touched', { skip }, async (t) => {
  const { it, mirror, ports, reload, ask } = await world(t)
  const download = await begin(t, ports.http)
  const failures = keepAsking(ask)
  const metrics = await freePort([HOST])
  const dns = await freePort([HOST])
  const more = (text: string) =>
    `${mirror()}\n[metrics]\nhost = "${HOST}"\nport = ${metrics}\n${text}`
  const named = (ttl: string) => `[dns]
hosts = ["${HOST}"]
port = ${dns}
[[dns.name_servers]]
name = "ns1"
addresses = "${HOST}"
[dns.answers]
mirror_ttl = "${ttl}"
`
  assert.doesNotMatch(
    await reload(more(''), /^reloaded: metrics \(started\)$/m),
    /reloaded: mirror/,
  )
  assert.equal(await ask('/metrics', metrics), 200)
  await reload(more(named('30s')), /^reloaded: dns \(started\)$/m)
  assert.equal(await ask('/dns', metrics), 200)
  const again = await reload(more(named('40s')), /^reloaded: dns \(stopped and started anew\)$/m)
  assert.doesNotMatch(again, /reloaded: (?:mirror|metrics)/)
  await reload(mirror(), /^reloaded: dns \(stopped\)$/m)
  await eventually(async () => assert.equal(await isListening(HOST, metrics), false))
  // What the mirror's own file says is followed too.
  await it.writeConf({ EXCLUDE: '--exclude secret_*' })
  await reload(mirror(), /^reloaded: mirror \(clam-clientsync\.conf\)$/m)
  assert.deepEqual(await failures(), [])
  assert.ok((await download.rest()).equals(LARGE))
})

test('another certificate is shown from the reload on; one that cannot be used leaves the one before', {
  skip: skip || without('openssl'),
}, async (t) => {
  const { it, mirror, reload } = await world(t)
  const [first, second] = ['first.example', 'second.example'].map((name) =>
    testCertificate(it.dir, name),
  )
  assert.ok(first && second)
  const port = await freePort([HOST])
  const secured = (certificate: string, key: string) =>
    mirror(`[mirror.https]
host = "${HOST}"
port = ${port}
certificate = "${certificate}"
key = "${key}"`)
  await reload(secured(first.certificate, first.key), /^reloaded: mirror \(https\)$/m)
  assert.equal(await certificateAt(port), first.name)
  await reload(secured(second.certificate, second.key), /^reloaded: mirror \(https\)$/m)
  assert.equal(await certificateAt(port), second.name)
  for (const certificate of [first.certificate, join(it.dir, 'none.pem'), it.dir]) {
    const said = await reload(secured(certificate, second.key), /^not reloaded: mirror keeps/m)
    assert.match(said, /keeps its https: Cannot use the certificate ".*" with ".*"/)
    assert.equal(await certificateAt(port), second.name)
  }
})

test('a conf that is a named pipe is told, and keeps the mirror from nothing', {
  skip: skip || without('mkfifo'),
}, async (t) => {
  const { it, mirror, node, reload, ask } = await world(t)
  await rm(it.conf)
  assert.equal((await run('mkfifo', [it.conf])).status, 0)
  await reload(mirror(), /^not reloaded: mirror stays as it was: .*cannot be read/m)
  assert.equal(await ask('/timestamp'), 200)
  await rm(it.conf)
  await it.writeConf({ EXCLUDE: '--exclude secret_*' })
  await reload(mirror(), /^reloaded: mirror \(clam-clientsync\.conf\)$/m)
  assert.equal(await node.end('SIGTERM'), 0, node.said)
})

test('SIGHUPs while the node stops are too late, and do no harm', { skip }, async (t) => {
  const { mirror, node, ports, write } = await world(t)
  // Gets two seconds.
  await begin(t, ports.http)
  await write(mirror('downloads_max = 1'))
  const said = node.said.length
  const ended = once(node.child, 'exit')
  node.child.kill('SIGTERM')
  await node.says(/^stopping$/m)
  node.child.kill('SIGHUP')
  node.child.kill('SIGHUP')
  assert.deepEqual(await ended, [0, null], node.said)
  assert.equal(node.said.slice(said), 'stopping\n')
})
