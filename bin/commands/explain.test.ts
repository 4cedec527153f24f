import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtempDisposable, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '#adapters/system/index.ts'
import { toSeconds } from '#base/time.ts'
import { printSnapshot } from '#core/zone/index.ts'
import { TYPE, typeOf } from '#formats/dns-message/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { down } from '../../test/support/candidates.ts'
import { CVDNET, Running } from '../../test/support/cvdnet.ts'
import { decoded, query, sendUdp } from '../../test/support/dns-client.ts'
import { run } from '../../test/support/run.ts'
import { aSnapshot } from '../../test/support/zone.ts'

const cvdnet = (...args: readonly string[]) => run(process.execPath, [CVDNET, ...args])

/** A folder with a snapshot, and settings of a name server that knows where loopback is. */
async function world(more = '') {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-explain-'))
  const at = (name: string) => join(folder.path, name)
  const heardAt = toSeconds(systemClock.now())
  const mirrors = [...aSnapshot().mirrors.slice(1), down('m1', 'DE', 'HTTP 500')]
  await writeFile(at('zone.json'), printSnapshot(aSnapshot({ heardAt, mirrors })))
  await writeFile(at('geoip'), '16777216,16777471,AU\n')
  await writeFile(at('geoip6'), '')
  const port = await freePort(['127.0.0.1'])
  await writeFile(
    at('cvdnet.toml'),
    `zone = "clamav.example"
state = "state"
[dns]
hosts = ["127.0.0.1"]
port = ${port}
snapshot = "zone.json"
[dns.places]
ipv4 = "geoip"
ipv6 = "geoip6"
[[dns.overrides]]
prefix = "127.0.0.0/8"
country = "DE"
[dns.answers]
mirror_ttl = "33s"
${more}`,
  )
  return { at, port, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test('explain reads what a running node answers, by its settings', async () => {
  await using it = await world()
  const child = spawn(process.execPath, [CVDNET, 'run', '--config', it.at('cvdnet.toml')], {
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  try {
    const server = { host: '127.0.0.1', port: it.port }
    const asked = () => sendUdp(server, query('clamav.example', 'SOA'), 100)
    for (let tries = 0; tries < 200 && (await asked()) === undefined; tries += 1) await wait(50)
    const told = await cvdnet('explain', '--client', '127.0.0.9', '--config', it.at('cvdnet.toml'))
    assert.equal(told.status, 0, told.all)
    assert.match(told.out, /^127\.0\.0\.9 is in DE \(by an override\), region europe\n/)
    assert.match(told.out, /database\.clamav\.example 33 CNAME db\.europe/)
    assert.match(told.out, /not m1: down: HTTP 500/)
    const json = await cvdnet(
      ...['explain', '--client', '1.0.0.1', '--name', 'db.local.clamav.example', '--json'],
      ...['--config', it.at('cvdnet.toml')],
    )
    const { client, answers } = JSON.parse(json.out)
    assert.deepEqual(client, { address: '1.0.0.1', country: 'AU', region: 'other', by: 'data' })
    assert.equal(answers[0].choice.by, 'world')
  } finally {
    child.kill('SIGTERM')
    const [status] = await ended
    assert.equal(status, 0)
  }
})

test('of a signed zone explain tells which keys sign, how long, and the DS, as a node signs', async () => {
  await using it = await world('override_clamav_net = "yes"\n[dns.dnssec]\nkeys = "keys"\n')
  const settings = ['--config', it.at('cvdnet.toml')]
  for (const _ of ['active', 'standby']) await cvdnet('dns-key', 'new', ...settings)
  await using node = new Running(it.at('cvdnet.toml'))
  await node.says(/UDP/)
  const server = { host: '127.0.0.1', port: it.port }
  const bytes = await sendUdp(
    server,
    query('current.cvd.clamav.example', 'TXT', { dnssecOk: true }),
  )
  const sent = decoded(bytes).answer.find(({ data }) => typeOf(data) === TYPE.RRSIG)
  assert.ok(sent?.data.kind === 'other')
  const rrsig = Buffer.from(sent.data.bytes)
  const [ends, tag] = [rrsig.readUInt32BE(8), rrsig.readUInt16BE(16)]

  const asked = ['explain', '--client', '127.0.0.9', ...settings]
  const { dnssec } = JSON.parse((await cvdnet(...asked, '--json')).out)
  assert.equal(dnssec.kind, 'signed')
  const signing = dnssec.keys.filter(({ signs }: { signs: string }) => signs === 'all answers')
  assert.deepEqual([dnssec.keys.length, signing.length, signing[0].tag], [2, 1, tag])
  assert.ok(ends <= Date.parse(dnssec.signatures.until) / 1000)
  assert.ok(ends >= Date.parse(dnssec.signatures.atLeastUntil) / 1000)
  const registrar = (await cvdnet('dns-key', 'ds', ...settings)).out
  assert.equal(dnssec.ds.length, 2)
  for (const { record } of dnssec.ds) assert.ok(registrar.includes(`${record}\n`))

  const { out } = await cvdnet(...asked)
  assert.match(out, new RegExp(`^  key ${tag}, active since .*, signs all answers$`, 'm'))
  assert.match(out, /^ {2}the parent should have, not seen there yet: clamav\.example\. .* DS /m)
  const elsewhere = await cvdnet(...asked, '--name', 'acme.cvd.clamav.net')
  assert.match(elsewhere.out, /^not signed: the name is not in the zone/m)

  const file = (await readdir(it.at('keys'))).find((name) => name.endsWith('.private')) ?? ''
  await chmod(it.at(`keys/${file}`), 0o644)
  const untold = await cvdnet(...asked)
  assert.equal(untold.status, 0, untold.all)
  assert.match(untold.err, /others may read it \(chmod 600\); what signs is not told/)
  assert.match(untold.out, /database\.clamav\.example A:/)
  assert.doesNotMatch(untold.out, /DNSSEC/)
})

test('of an unsigned zone explain says nothing of signatures', async () => {
  await using it = await world()
  const asked = ['explain', '--client', '1.0.0.1', '--snapshot', it.at('zone.json')]
  assert.doesNotMatch((await cvdnet(...asked)).out, /sign/)
  assert.equal('dnssec' in JSON.parse((await cvdnet(...asked, '--json')).out), false)
})

test('explain says what is wrong: 1 no snapshot, 2 no address or name, 3 no file', async () => {
  await using it = await world()
  const explain = (...args: readonly string[]) => cvdnet('explain', ...args)
  const snapshot = ['--snapshot', it.at('zone.json')]
  await writeFile(it.at('bad.json'), '{}')
  for (const [status, words, args] of [
    [
      1,
      /bad\.json" is no snapshot: the document has no zone/,
      ['--client', '1.1.1.1', '--snapshot', it.at('bad.json')],
    ],
    [2, /"here" is no address/, ['--client', 'here', ...snapshot]],
    [2, /"a\.\.b" is no domain name/, ['--client', '1.1.1.1', '--name', 'a..b', ...snapshot]],
    [2, /--client/, snapshot],
    [3, /Cannot read ".*gone"/, ['--client', '1.1.1.1', '--snapshot', it.at('gone')]],
  ] as const) {
    const end = await explain(...args)
    assert.equal(end.status, status, end.all)
    assert.match(end.err, words)
  }
})
