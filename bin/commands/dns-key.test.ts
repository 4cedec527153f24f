import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdtempDisposable, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { printSnapshot } from '#core/zone/index.ts'
import { CVDNET, Running } from '../../test/support/cvdnet.ts'
import { run } from '../../test/support/run.ts'
import { aSnapshot } from '../../test/support/zone.ts'

const SETTINGS = `zone = "clamav.example"
[dns]
hosts = ["127.0.0.1"]
port = 0
snapshot = "zone.json"
`

async function world(settings = `${SETTINGS}[dns.dnssec]\nkeys = "keys"\n`) {
  const { path, remove } = await mkdtempDisposable(join(tmpdir(), 'cvdnet-dns-key-'))
  const config = join(path, 'cvdnet.toml')
  await writeFile(config, settings)
  const cvdnet = async (...args: readonly string[]) =>
    await run(process.execPath, [CVDNET, 'dns-key', ...args, '--config', config])
  return { config, keys: join(path, 'keys'), cvdnet, [Symbol.asyncDispose]: remove }
}

test('keys are made, listed with what is next, and printed for the registrar', async () => {
  await using it = await world()
  assert.match((await it.cvdnet('list')).out, /has no keys yet/)
  assert.equal((await it.cvdnet('ds')).status, 1)
  assert.match((await it.cvdnet('new')).out, /^key \d+ of clamav\.example is active/)
  assert.match((await it.cvdnet('new')).out, /^key \d+ of clamav\.example is standby/)
  const list = JSON.parse((await it.cvdnet('list', '--json')).out)
  const states: readonly string[] = list.map(({ state }: { state: string }) => state)
  assert.deepEqual(states.toSorted(), ['active', 'standby'])
  const { out } = await it.cvdnet('ds')
  assert.equal(out.match(/^clamav\.example\. 3600 IN DS \d+ 13 2 [0-9A-F]{64}$/gm)?.length, 2)
  assert.equal(out.match(/^clamav\.example\. 3600 IN DNSKEY 257 3 13 \S{88}$/gm)?.length, 2)
})

test('a step that would break validation is refused with its reason, unless it is forced', async () => {
  await using it = await world()
  await it.cvdnet('new')
  await it.cvdnet('new')
  const list = JSON.parse((await it.cvdnet('list', '--json')).out)
  const tagOf = (wanted: string) =>
    String(list.find(({ state }: { state: string }) => state === wanted).tag)
  const [active, standby] = [tagOf('active'), tagOf('standby')]
  const early = await it.cvdnet('activate', standby)
  assert.equal(early.status, 1)
  assert.match(early.err, new RegExp(`key ${standby} is not known to every resolver before 20`))
  const last = await it.cvdnet('remove', active)
  assert.equal(last.status, 1)
  assert.match(last.err, /is the only active key; activate another first/)
  const forced = await it.cvdnet('activate', standby, '--force')
  assert.equal(forced.status, 0)
  assert.match(
    forced.out,
    new RegExp(`key ${standby} .*: is active\\nkey ${active} .*: is retired`),
  )
  assert.equal((await it.cvdnet('activate', 'x')).status, 2)
  const foreign = ['1', '2', '3'].find((tag) => tag !== active && tag !== standby) ?? ''
  assert.match((await it.cvdnet('remove', foreign)).err, /is no key of this zone/)
})

test('keys that others may read are refused, and a zone without [dns.dnssec] has none', async () => {
  await using it = await world()
  await it.cvdnet('new')
  const file = (await readdir(it.keys)).find((name) => name.endsWith('.private')) ?? ''
  await chmod(join(it.keys, file), 0o604)
  const exposed = await it.cvdnet('list')
  assert.equal(exposed.status, 1)
  assert.match(exposed.err, /others may read it \(chmod 600\)/)
  await using unsigned = await world(SETTINGS)
  const none = await unsigned.cvdnet('new')
  assert.equal(none.status, 2)
  assert.match(none.err, /has no \[dns\.dnssec\]/)
})

test('a node without a key says how to make one', async () => {
  await using it = await world()
  await writeFile(join(it.keys, '..', 'zone.json'), printSnapshot(aSnapshot()))
  await using node = new Running(it.config)
  await once(node.child, 'exit')
  assert.equal(node.child.exitCode, 3)
  assert.match(node.said, /no key in ".*keys" is active; "cvdnet dns-key new" makes the first/)
})
