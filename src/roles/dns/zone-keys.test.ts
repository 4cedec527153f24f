import assert from 'node:assert/strict'
import { chmod, mkdtempDisposable, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '#adapters/system/index.ts'
import { newZoneKey, ZoneKeyError } from '#adapters/zone-keys/index.ts'
import { toSeconds } from '#base/time.ts'
import { ask } from '../../../test/support/dns-client.ts'
import { dnsOptions } from '../../../test/support/dns-options.ts'
import { assertSigned } from '../../../test/support/validator.ts'
import { aSnapshot } from '../../../test/support/zone.ts'
import { dnsMetrics, startDns, ZoneFeed } from './index.ts'

const ZONE = 'clamav.example'
const now = () => toSeconds(systemClock.now())

async function world() {
  const { path, remove } = await mkdtempDisposable(join(tmpdir(), 'cvdnet-signed-'))
  const source = new ZoneFeed()
  source.offer(aSnapshot({ heardAt: now() }))
  const events: string[] = []
  const keys = join(path, 'keys')
  const options = dnsOptions({
    source,
    lastSnapshot: join(path, 'snapshot.json'),
    dnssec: { keys, signaturesPerSecond: 2000 },
    onEvent: (line) => events.push(line),
  })
  return { keys, options, source, events, [Symbol.asyncDispose]: remove }
}

test('a node whose zone is to be signed and has no key does not start unsigned', async () => {
  await using it = await world()
  await assert.rejects(
    startDns(it.options),
    (error) => error instanceof ZoneKeyError && error.code === 'no-active-key',
  )
})

test('status and metrics tell keys, their states, and how long the signatures last', async () => {
  await using it = await world()
  const active = await newZoneKey(it.keys, ZONE, now())
  const standby = await newZoneKey(it.keys, ZONE, now())
  await using node = await startDns(it.options)
  const server = node.listeners[0] ?? { host: '', port: 0 }
  const before = await node.status()
  assert.equal(before.dnssec?.signaturesUntil, null)
  const { answer } = await ask(server, ZONE, 'SOA', { dnssecOk: true })
  assertSigned(answer, [active.publicKey], now())
  const status = await node.status()
  assert.deepEqual(
    status.dnssec?.keys.map(({ tag, state }) => `${tag} ${state}`).toSorted(),
    [`${active.tag} active`, `${standby.tag} standby`].toSorted(),
  )
  const explained = node.explain('127.0.0.9')?.dnssec
  assert.ok(explained?.kind === 'signed')
  assert.deepEqual(
    explained.keys.map(({ tag, signs }) => `${tag} ${signs}`).toSorted(),
    [`${active.tag} all answers`, `${standby.tag} keys only`].toSorted(),
  )
  const until = Date.parse(status.dnssec?.signaturesUntil ?? '')
  assert.ok(until > Date.now() + 6 * 86_400_000)
  const metrics = dnsMetrics(status)
  const metric = (name: string) => metrics.find((one) => one.name === name)?.value
  assert.equal(metric('cvdnet_dns_signatures_total'), 1)
  assert.equal(metric('cvdnet_dns_signatures_until_seconds'), until / 1000)
  assert.equal(metrics.filter(({ name }) => name === 'cvdnet_dns_keys').length, 2)
  const results = metrics.filter(({ name }) => name === 'cvdnet_dns_results_total')
  assert.ok(results.some(({ labels, value }) => labels?.['result'] === 'signed' && value === 1))
})

test('keys that cannot be read any more are an alarm, and the zone stays signed', async () => {
  await using it = await world()
  const active = await newZoneKey(it.keys, ZONE, now())
  await using node = await startDns(it.options)
  const [file = ''] = await readdir(it.keys)
  await chmod(join(it.keys, file), 0o644)
  for (let tries = 0; tries < 100 && (await node.status()).alarms.length === 0; tries += 1) {
    await wait(50)
  }
  const { alarms } = await node.status()
  assert.match(alarms.join(), /others may read it \(chmod 600\); the keys before stay/)
  assert.equal(it.events.filter((line) => line.startsWith('ALARM')).length, 1)
  const server = node.listeners[0] ?? { host: '', port: 0 }
  const { answer } = await ask(server, ZONE, 'SOA', { dnssecOk: true })
  assertSigned(answer, [active.publicKey], now())
})
