import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { isListening } from '#adapters/system/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { answers, HOST, reloadWorld, tellsMetrics, ZONE } from '../support/reload-world.ts'
import { takePort } from '../support/reloading.ts'
import { without } from '../support/run.ts'

const OTHER_ZONE = 'clamav.test'
const MONITOR = '[monitor]\nname = "watch1"\n'

test('a role that cannot start as it is wanted goes on as it was, and follows when the reason is gone', async (t) => {
  const { owned, ports, metrics, dns, settings, deliver, start } = await reloadWorld(t)
  await deliver()
  const node = await start(settings(ZONE, dns(), metrics()))
  await node.says(/UDP \(.*\) and TCP/)
  const taken = owned.use(await takePort(HOST))
  const wanted = settings(ZONE, dns(taken.port), metrics(taken.port))
  const said = await node.reload(/not reloaded: dns [\s\S]*\n/, wanted)
  assert.match(said, /^not reloaded: metrics stays as it was: .* \(EADDRINUSE\)$/m)
  assert.match(said, /^not reloaded: dns stays as it was: .* \(EADDRINUSE\)$/m)
  assert.doesNotMatch(said, /^reloaded/m)
  assert.ok(await tellsMetrics(ports.metrics))
  assert.ok(await answers(ports.dns))
  const port = taken.port
  await taken[Symbol.asyncDispose]()
  const again = await node.reload(/^reloaded: dns .*\n/m, settings(ZONE, dns(port), metrics()))
  assert.doesNotMatch(again, /not reloaded|metrics/)
  assert.deepEqual([await answers(port), await answers(ports.dns)], [true, false])
  const moved = await node.reload(/^reloaded: .*\n/m, settings(ZONE, dns(ports.dns), metrics(port)))
  assert.match(moved, /^reloaded: dns \(stopped and started anew\)$/m)
  assert.equal(await node.end('SIGTERM'), 0, node.said)
})

test('a node one of whose roles starts neither as it is wanted nor as it was ends with status 3', {
  skip: without('rsync'),
}, async (t) => {
  const { owned, ports, metrics, settings, start } = await reloadWorld(t)
  const ssh = await freePort([HOST])
  const rsync = await freePort([HOST])
  const master = (port: number) => `[master]
name = "rsync1"
network_keys = "network"
[master.ssh]
host = "${HOST}"
port = ${port}
[master.rsync]
host = "${HOST}"
port = ${rsync}
`
  const node = await start(settings(ZONE, master(ssh), metrics()))
  await node.says(/metrics: http.*\/metrics\n/)
  const taken = owned.use(await takePort(HOST))
  // Somebody who does not hang up: the master waits for him with its port free already.
  const caller = connect(ssh, HOST)
  t.after(() => caller.destroy())
  await once(caller, 'data')
  await node.write(settings(ZONE, master(taken.port), metrics()))
  const said = node.hangUp()
  owned.use(await takePort(HOST, ssh))
  assert.equal(await node.ended(), 3, node.said)
  const no = 'Cannot listen for ssh on "127.0.0.1" port'
  assert.match(said(), new RegExp(`master starts neither as wanted: ${no} ${taken.port} .*; nor`))
  assert.match(said(), new RegExp(`; nor as it was: ${no} ${ssh} \\(EADDRINUSE\\)$`, 'm'))
  assert.equal(await isListening(HOST, ports.metrics), false)
  assert.equal(await isListening(HOST, rsync), false)
})

test('a name server that waits for its zone keeps no settings from being followed, and stops at once', async (t) => {
  const { ports, metrics, dns, settings, deliver, start } = await reloadWorld(t)
  const node = await start(settings(ZONE, MONITOR, dns(), metrics()))
  await node.says(/nothing to answer from yet/)
  const reload = (until: RegExp, ...tables: readonly string[]) =>
    node.reload(until, settings(ZONE, MONITOR, ...tables))
  // One that waits since the start of the node is left waiting, or is gone, as the newest settings have it.
  const other = await freePort([HOST])
  const moved = await reload(/^reloaded: .*\n/m, dns(), metrics(other))
  assert.match(moved, /^reloaded: metrics \(stopped and started anew\)$/m)
  assert.doesNotMatch(moved, /dns:|reloaded: dns/)
  assert.ok(await tellsMetrics(other))
  await reload(/^reloaded: dns \(stopped\)$/m)
  // So is one that a reload adds.
  const added = await reload(/^reloaded: dns \(started\)$/m, dns())
  assert.match(added, /nothing to answer from yet/)
  await reload(/^reloaded: metrics \(started\)$/m, dns(), metrics())
  const faulty = await reload(/everything goes on as it was/, '[dns')
  assert.doesNotMatch(faulty, /^reloaded/m)
  const port = await freePort([HOST])
  await reload(/^reloaded: dns \(stopped and started anew\)$/m, dns(port), metrics())
  await deliver()
  await node.says(new RegExp(`port ${port}, UDP`))
  assert.deepEqual([await answers(port), await answers(ports.dns)], [true, false])
  // The next one waits for another zone, and does not keep the node from its end.
  const next = settings(OTHER_ZONE, MONITOR, dns(port, OTHER_ZONE))
  await node.reload(/nothing to answer from yet[\s\S]*^reloaded: dns/m, next)
  assert.equal(await node.end('SIGTERM'), 0, node.said)
})

test('a name server that waited and cannot start is told; the node goes on as it was before', async (t) => {
  const { owned, ports, dns, settings, deliver, start } = await reloadWorld(t)
  const node = await start(settings(ZONE, MONITOR))
  await node.says(/monitor/)
  const taken = owned.use(await takePort(HOST))
  const { port } = taken
  await node.reload(/^reloaded: dns \(started\)$/m, settings(ZONE, MONITOR, dns(port)))
  await deliver()
  await node.says(/^not reloaded: dns does not run: .* \(EADDRINUSE\)$/m)
  // Until the next reload, for the same reason or without it.
  await node.reload(/^not reloaded: dns does not run: .* \(EADDRINUSE\)$/m)
  await node.reload(/^reloaded: dns \(started\)$/m, settings(ZONE, MONITOR, dns()))
  assert.ok(await answers(ports.dns))
  // One that replaced another gives way to it.
  await node.reload(/^reloaded: dns /m, settings(OTHER_ZONE, MONITOR, dns(port, OTHER_ZONE)))
  assert.equal(await answers(ports.dns), false)
  await deliver(OTHER_ZONE)
  await node.says(/^not reloaded: dns is again as it was: .* \(EADDRINUSE\)$/m)
  assert.ok(await answers(ports.dns))
  await taken[Symbol.asyncDispose]()
  await node.reload(/^reloaded: dns \(stopped and started anew\)$/m)
  assert.ok(await answers(port, OTHER_ZONE))
  assert.equal(await node.end('SIGTERM'), 0, node.said)
})

test('a node whose name server waited from the start and cannot start ends with status 3; one that waits ends with 0', async (t) => {
  const { owned, dns, settings, deliver, start } = await reloadWorld(t)
  const taken = owned.use(await takePort(HOST))
  const node = await start(settings(ZONE, MONITOR, dns(taken.port)))
  await node.says(/nothing to answer from yet/)
  assert.equal(await node.end('SIGTERM'), 0, node.said)
  const again = await start(settings(ZONE, MONITOR, dns(taken.port)))
  await again.says(/nothing to answer from yet/)
  await deliver()
  assert.equal(await again.ended(), 3, again.said)
  assert.match(again.said, /^cvdnet: dns does not start: .* \(EADDRINUSE\)$/m)
})
