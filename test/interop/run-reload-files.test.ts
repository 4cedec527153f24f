import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, open, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { freePort } from '../../dev/demo/layout.ts'
import { Running } from '../support/cvdnet.ts'
import { answers, HOST, reloadWorld, tellsMetrics, ZONE } from '../support/reload-world.ts'
import { run, without } from '../support/run.ts'

const KEY = 'transfer.clamav.example'
const skip = without('mkfifo', 'dig')

async function makePipe(path: string): Promise<void> {
  const made = await run('mkfifo', [path])
  assert.equal(made.status, 0, made.all)
}

test('settings that are not there, no plain file, or half written are told and change nothing', {
  skip,
}, async (t) => {
  const { at, ports, metrics, dns, settings, deliver, start } = await reloadWorld(t)
  await deliver()
  const good = settings(ZONE, dns(), metrics())
  const node = await start(good)
  await node.says(/UDP \(.*\) and TCP/)
  const file = at('cvdnet.toml')
  const moved = await freePort([HOST])
  const next = settings(ZONE, dns(moved), metrics())
  const faulty: readonly [string, () => Promise<unknown>, RegExp][] = [
    ['not there', async () => {}, /Cannot read ".*": ENOENT/],
    ['a folder', () => mkdir(file), /Cannot read ".*", which is not a plain file/],
    ['a named pipe', () => makePipe(file), /Cannot read ".*", which is not a plain file/],
    ['a link to itself', () => symlink(file, file), /Cannot read ".*": ELOOP/],
    ['empty', () => writeFile(file, ''), /has 2 fault\(s\)/],
    ['cut off', () => writeFile(file, next.slice(0, next.indexOf('.json'))), /has 1 fault\(s\)/],
    ['no text', () => writeFile(file, randomBytes(4096)), /has \d+ fault\(s\)/],
    ['very large', () => writeFile(file, '').then(() => truncate(file, 2 ** 33)), /larger than/],
  ]
  for (const [what, make, reason] of faulty) {
    await rm(file, { recursive: true, force: true })
    await make().catch((error: unknown) => assert.fail(`${what}: ${error}`))
    const said = await node.reload(/^not reloaded: .*; everything goes on as it was$/m)
    assert.match(said, reason, what)
    assert.doesNotMatch(said, /^reloaded/m, what)
    assert.ok(await answers(ports.dns), what)
  }
  await rm(file)
  await node.reload(/^reloaded: dns \(stopped and started anew\)$/m, next)
  assert.ok(await answers(moved))
  await rm(file)
  await makePipe(file)
  node.hangUp()
  assert.equal(await node.end('SIGTERM'), 0, node.said)
})

test('many SIGHUPs at once are answered until the last settings hold, and not more often', {
  skip,
}, async (t) => {
  const { ports, metrics, dns, settings, deliver, start } = await reloadWorld(t)
  await deliver()
  const node = await start(settings(ZONE, dns(), metrics()))
  await node.says(/UDP \(.*\) and TCP/)
  const last = await freePort([HOST])
  const said = node.hangUp()
  for (let time = 1; time <= 20; time += 1) {
    await node.write(settings(ZONE, dns(), metrics(time === 20 ? last : ports.metrics)))
    node.hangUp()
    node.hangUp()
  }
  await node.heard(said, new RegExp(`http://${HOST}:${last}/dns\n[\\s\\S]*^reloaded: metrics`, 'm'))
  assert.ok(await tellsMetrics(last))
  assert.doesNotMatch(said(), /not reloaded/)
  await node.reload(/^reloaded: metrics .*\n/m, settings(ZONE, dns(), metrics()))
  const between = await node.reload(
    /^reloaded: metrics .*\n/m,
    settings(ZONE, dns(), metrics(last)),
  )
  assert.doesNotMatch(between, /nothing to change/)
})

test('a key that is another, in settings that are the same, begins the role anew', {
  skip,
}, async (t) => {
  const { at, ports, dns, settings, deliver, start } = await reloadWorld(t)
  await deliver()
  const secret = () => randomBytes(32).toString('base64')
  const [first, second] = [secret(), secret()]
  const transfers = async (key: string): Promise<boolean> => {
    const where = [`@${HOST}`, '-p', String(ports.dns), '+time=2', '+tries=1']
    const { out } = await run('dig', [...where, '-y', `hmac-sha256:${KEY}:${key}`, 'AXFR', ZONE])
    return out.includes('SOA')
  }
  await writeFile(at('key'), first)
  const secondaries = `[[dns.secondaries]]\nhost = "127.0.0.9"\nkey = "${KEY}"\nkey_file = "key"\n`
  const node = await start(settings(ZONE, dns(), secondaries))
  await node.says(/UDP \(.*\) and TCP/)
  assert.deepEqual([await transfers(first), await transfers(second)], [true, false])
  await node.reload(/^reloaded: nothing to change$/m)
  await writeFile(at('key'), second)
  await node.reload(/^reloaded: dns \(stopped and started anew\)$/m)
  assert.deepEqual([await transfers(first), await transfers(second)], [false, true])
  // One that cannot be read is seen before anything is stopped.
  const broken: readonly [() => Promise<unknown>, RegExp][] = [
    [() => rm(at('key')), /ENOENT/],
    [() => makePipe(at('key')), /not a plain file/],
    [() => writeFile(at('key'), 'short'), /does not hold 16 bytes/],
  ]
  for (const [spoil, reason] of broken) {
    await rm(at('key'), { force: true })
    await spoil().catch(() => {})
    const said = await node.reload(/^not reloaded: dns stays as it was: .*$/m)
    assert.match(said, reason)
    assert.doesNotMatch(said, /UDP/)
    assert.ok(await transfers(second))
  }
  await rm(at('key'))
  await writeFile(at('key'), first)
  await node.reload(/^reloaded: dns \(stopped and started anew\)$/m)
  assert.ok(await transfers(first))
  assert.equal(await node.end('SIGTERM'), 0, node.said)
})

test('a SIGHUP while a node reads its settings for the first time is answered when it runs', {
  skip,
}, async (t) => {
  const { owned, at, ports, dns, settings, deliver } = await reloadWorld(t)
  await deliver()
  await makePipe(at('pipe'))
  const node = owned.use(new Running(at('pipe')))
  // Opens when the other end does.
  const pipe = await open(at('pipe'), 'w')
  node.child.kill('SIGHUP')
  await pipe.writeFile(settings(ZONE, dns()))
  await pipe.close()
  await node.says(/not reloaded: .*not a plain file; everything goes on as it was/)
  assert.ok(await answers(ports.dns))
  assert.equal(await node.end('SIGTERM'), 0, node.said)
})
