import assert from 'node:assert/strict'
import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '#adapters/system/index.ts'
import { readZoneKeys, writeZoneKey } from '#adapters/zone-keys/index.ts'
import { epochSeconds, toSeconds } from '#base/time.ts'
import { type KeyTimes, keyStateAt, type ZoneKey } from '#core/dnssec/index.ts'
import { startDns, ZoneFeed } from '#roles/dns/index.ts'
import { aMirror } from '../support/candidates.ts'
import { CVDNET } from '../support/cvdnet.ts'
import { dnsOptions } from '../support/dns-options.ts'
import { run, without } from '../support/run.ts'
import { startUnbound, type Unbound } from '../support/unbound.ts'
import { aSnapshot } from '../support/zone.ts'

/** What validators that nobody here wrote make of our signed zone. */
const ZONE = 'clamav.example'
const skip = without('dig', 'unbound', 'delv')

interface World extends AsyncDisposable {
  readonly keys: string
  readonly port: number
  /** `cvdnet dns-key …`; fails where that is refused. */
  readonly cvdnet: (...args: readonly string[]) => Promise<string>
  readonly refused: (...args: readonly string[]) => Promise<string>
  /** Lines of zone files. */
  readonly ds: () => Promise<readonly string[]>
  readonly validator: (anchors: readonly string[]) => Promise<Unbound>
}

/** A signed zone of 40 mirrors with its keys made by the command line, and a node that follows their folder. */
async function world({ signed = true } = {}): Promise<World> {
  await using starting = new AsyncDisposableStack()
  const { path } = starting.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-dnssec-')))
  const config = join(path, 'cvdnet.toml')
  const settings = `zone = "${ZONE}"\n[dns]\nsnapshot = "zone.json"\n[dns.dnssec]\nkeys = "keys"\n`
  await writeFile(config, settings)
  const command = (args: readonly string[]) =>
    run(process.execPath, [CVDNET, 'dns-key', ...args, '--config', config])
  const cvdnet = async (...args: readonly string[]) => {
    const { status, out, all } = await command(args)
    assert.equal(status, 0, all)
    return out
  }
  await cvdnet('new')
  const keys = join(path, 'keys')
  const feed = new ZoneFeed()
  const mirrors = Array.from({ length: 40 }, (_, at) => aMirror(`m${at + 1}`, at % 2 ? 'DE' : 'US'))
  feed.offer(aSnapshot({ mirrors, heardAt: toSeconds(systemClock.now()) }))
  const node = starting.use(
    await startDns(
      dnsOptions({
        source: feed,
        lastSnapshot: join(path, 'last.json'),
        dnssec: signed ? { keys, signaturesPerSecond: 2000 } : undefined,
      }),
    ),
  )
  const port = node.listeners[0]?.port ?? 0
  const running = starting.move()
  return {
    keys,
    port,
    cvdnet,
    refused: async (...args) => {
      const { status, err } = await command(args)
      assert.equal(status, 1, err)
      return err
    },
    ds: async () => (await cvdnet('ds')).split('\n').filter((line) => / DS /.test(line)),
    validator: (anchors) =>
      // TTLs of a second: for a resolver's caches an hour is over soon.
      startUnbound(port, [
        ...['module-config: "validator iterator"', 'cache-max-ttl: 1', 'cache-max-negative-ttl: 1'],
        ...['harden-dnssec-stripped: yes', 'aggressive-nsec: yes', 'val-bogus-ttl: 1'],
        ...anchors.map((anchor) => `trust-anchor: "${anchor}"`),
      ]),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

const QUESTIONS: readonly (readonly [readonly string[], RegExp])[] = [
  [['TXT', 'current.cvd.clamav.example'], /status: NOERROR[\s\S]*"1\.4\.6:63:27100:/],
  [
    ['A', 'database.clamav.example'],
    /status: NOERROR[\s\S]*CNAME\s+db\.other\.clamav\.example\.[\s\S]*\sA\s+192\.0\.0\./,
  ],
  [['AAAA', 'db.europe.clamav.example'], /status: NOERROR[\s\S]*AAAA\s+2001:db8::/],
  [['A', 'db.xyz.clamav.example'], /status: NOERROR[\s\S]*\sA\s+192\.0\.0\./],
  [['A', 'rsync.clamav.example'], /status: NOERROR[\s\S]*\sA\s+192\.0\.2\.101/],
  [['NS', 'clamav.example'], /status: NOERROR[\s\S]*NS\s+ns1/],
  [['CAA', 'clamav.example'], /status: NOERROR[\s\S]*CAA/],
  [['DNSKEY', 'clamav.example'], /status: NOERROR[\s\S]*DNSKEY\s+257 3 13/],
  [['MX', 'clamav.example'], /status: NOERROR[\s\S]*ANSWER: 0/],
  [['MX', 'database.clamav.example'], /status: NOERROR[\s\S]*CNAME/],
  [['TXT', 'db.de.clamav.example'], /status: NOERROR[\s\S]*ANSWER: 0/],
  [['A', 'cvd.clamav.example'], /status: NOERROR[\s\S]*ANSWER: 0/],
  [['A', 'nobody.clamav.example'], /status: NOERROR[\s\S]*ANSWER: 0/],
  [['A', 'db.nobody.clamav.example'], /status: NOERROR[\s\S]*ANSWER: [1-9]/],
  [['A', 'nobody.cvd.clamav.example'], /status: (?:NOERROR|NXDOMAIN)[\s\S]*ANSWER: 0/],
  [['A', 'far.below.clamav.example'], /status: (?:NOERROR|NXDOMAIN)[\s\S]*ANSWER: 0/],
]

test('Unbound validates every kind of answer', { skip }, async () => {
  await using at = await world()
  await using resolver = await at.validator(await at.ds())
  for (const [args, expected] of QUESTIONS) {
    const out = await resolver.dig('+noadditional', ...args)
    assert.match(out, expected, args.join(' '))
    assert.match(out, /;; flags: qr rd ra ad;/, `${args.join(' ')} is authentic: ${out}`)
  }
})

test('delv validates every kind of answer', { skip }, async () => {
  await using at = await world()
  const anchors = join(at.keys, '..', 'anchors')
  const [, tag, algorithm, digestType, digest] =
    /DS (\d+) (\d+) (\d+) ([0-9A-F]+)/.exec((await at.ds()).join()) ?? []
  const anchor = `"${ZONE}." static-ds ${tag} ${algorithm} ${digestType} "${digest}";`
  await writeFile(anchors, `trust-anchors { ${anchor} };\n`)
  for (const [[type = '', name = '']] of QUESTIONS) {
    const args = ['@127.0.0.1', '-p', String(at.port), '-a', anchors, `+root=${ZONE}`, name, type]
    const { all } = await run('delv', args)
    assert.match(all, /; (?:negative response, )?fully validated/, `${type} ${name}: ${all}`)
  }
})

for (const [title, signed] of [
  ['is signed with another key', true],
  ['is not signed', false],
] as const) {
  test(`what ${title} is SERVFAIL for Unbound`, { skip }, async () => {
    await using right = await world()
    await using wrong = await world({ signed })
    await using resolver = await wrong.validator(await right.ds())
    for (const [args] of QUESTIONS) {
      assert.match(await resolver.dig(...args), /status: SERVFAIL/, args.join(' '))
    }
    assert.match(await resolver.dig('+cd', 'TXT', 'current.cvd.clamav.example'), /status: NOERROR/)
  })
}

test('the DS that is printed is the one that dnssec-dsfromkey makes of the zone’s DNSKEY', {
  skip: skip || without('dnssec-dsfromkey'),
}, async () => {
  await using at = await world()
  const dig = ['@127.0.0.1', '-p', String(at.port), '+norecurse', '+noall', '+answer']
  const { out: dnskey } = await run('dig', [...dig, 'DNSKEY', ZONE])
  const { out } = await run('dnssec-dsfromkey', ['-2', '-f', '-', ZONE], { input: dnskey })
  const inWords = (text: string) => text.trim().split(/\s+/).slice(-4).join(' ')
  assert.equal(inWords((await at.ds()).join()), inWords(out))
  const { out: cds } = await run('dig', [...dig, '+short', 'CDS', ZONE])
  assert.equal(cds.replaceAll(/(?<=[0-9A-F]{8}) /g, '').trim(), inWords(out))
})

test('a rollover, step by step: Unbound validates all the while, and a step too soon is refused', {
  skip,
}, async () => {
  await using at = await world()
  const [old] = await states(at.keys)
  const oldDs = await at.ds()
  await at.cvdnet('ds-published', String(old?.tag))
  await using withOld = await at.validator(oldDs)
  await validates(withOld)

  await at.cvdnet('new')
  const next = (await states(at.keys)).find(({ state }) => state === 'standby')
  assert.ok(old && next)
  await served(at.port, 'DNSKEY', next.tag)
  await validates(withOld)
  assert.match(await at.refused('activate', String(next.tag)), /not known to every resolver before/)
  await pass(at.keys, 2 * HOUR)

  const bothDs = await at.ds()
  assert.equal(bothDs.length, 2)
  await at.cvdnet('ds-published', String(next.tag))
  await at.cvdnet('activate', String(next.tag))
  await served(at.port, 'SOA', next.tag)
  await validates(withOld)
  await using withBoth = await at.validator(bothDs)
  await validates(withBoth)
  assert.match(await at.refused('remove', String(old.tag)), /may have its DS at the registrar/)

  const newDs = await at.ds()
  assert.equal(newDs.length, 1)
  await at.cvdnet('ds-withdrawn', String(old.tag))
  assert.match(await at.refused('remove', String(old.tag)), /its DS is still in caches/)
  await using withNew = await at.validator(newDs)
  await validates(withNew)
  await validates(withOld)

  await pass(at.keys, 25 * HOUR)
  await at.cvdnet('remove', String(old.tag))
  await gone(at.port, old.tag)
  await validates(withNew)
  await validates(withBoth)
  assert.match(await at.refused('remove', String(next.tag)), /is the only active key/)
})

const HOUR = 3600

async function validates(resolver: Unbound): Promise<void> {
  // Until what it kept for a second is gone.
  await wait(1_100)
  for (const [args] of QUESTIONS.slice(0, 4)) {
    const out = await resolver.dig(...args)
    assert.match(out, /status: NOERROR/, out)
    assert.match(out, /;; flags: qr rd ra ad;/, out)
  }
}

async function states(folder: string) {
  const now = toSeconds(systemClock.now())
  return (await readZoneKeys(folder, ZONE)).map((key) => ({
    tag: key.tag,
    state: keyStateAt(key, now),
  }))
}

/** As if everything had happened so much earlier. */
async function pass(folder: string, seconds: number): Promise<void> {
  for (const key of await readZoneKeys(folder, ZONE)) {
    const times = Object.entries(key.times).map(([name, time]) => [
      name,
      time === undefined ? undefined : epochSeconds(time - seconds),
    ])
    const earlier: ZoneKey = { ...key, times: Object.fromEntries(times) as KeyTimes }
    await writeZoneKey(folder, ZONE, earlier)
  }
}

/** Waits until the running node signs that type with that key: it follows the folder. */
async function served(port: number, type: string, tag: number): Promise<void> {
  await until(port, type, (out) => new RegExp(`RRSIG\\s+${type} 13 .* ${tag} ${ZONE}`).test(out))
}

async function gone(port: number, tag: number): Promise<void> {
  await until(port, 'DNSKEY', (out) => !new RegExp(` ${tag} ${ZONE}`).test(out))
}

async function until(port: number, type: string, isSo: (out: string) => boolean): Promise<void> {
  let out = ''
  for (let tries = 0; tries < 60; tries += 1) {
    const args = [
      '@127.0.0.1',
      '-p',
      String(port),
      '+norecurse',
      '+dnssec',
      '+nocrypto',
      type,
      ZONE,
    ]
    out = (await run('dig', args)).out
    if (isSo(out)) return
    await wait(100)
  }
  assert.fail(out)
}

test('what a key file holds is nowhere but there', { skip }, async () => {
  await using at = await world()
  const file = (await readdir(at.keys)).find((name) => name.endsWith('.private')) ?? ''
  const secret = /PrivateKey: (\S+)/.exec(await readFile(join(at.keys, file), 'utf8'))?.[1] ?? ''
  assert.equal(secret.length, 44)
  for (const args of [['list'], ['list', '--json'], ['ds'], ['ds', '--json']]) {
    assert.ok(!(await at.cvdnet(...args)).includes(secret))
  }
})
