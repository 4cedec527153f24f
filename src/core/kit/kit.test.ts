import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseClientsyncConf } from '#formats/clientsync-conf/index.ts'
import { parseSettings } from '#formats/cvdnet-toml/index.ts'
import { FACTS } from '../../../test/support/kit.ts'
import {
  authorizedKeysNotify,
  installedConf,
  type KitFacts,
  kitFiles,
  parseManifest,
  printManifest,
  readConf,
  servedNames,
} from './index.ts'

const facts: KitFacts = { ...FACTS, tufRoot: '{}', fingerprint: 'A'.repeat(40) }

function textOf(path: string, more: Partial<KitFacts> = {}): string {
  const files = kitFiles({ ...facts, ...more })
  assert.ok(files.ok)
  return files.value.find((file) => file.path === path)?.text ?? ''
}

function settingsOf(more: Partial<KitFacts> = {}) {
  const settings = parseSettings(textOf('cvdnet.toml', more), { folder: '/home/clamavdb/etc' })
  assert.ok(settings.ok)
  return settings.value
}

test('the settings of a kit are good, and name what the mirror has to answer for', () => {
  const { zone, state, mirror } = settingsOf()
  assert.deepEqual([zone, state], ['clamav.test', '/home/clamavdb/etc/../var/cvdnet'])
  assert.deepEqual(mirror?.names, ['fra1.clamav.test', 'fra1.example', 'mirror.example'])
  assert.deepEqual(mirror?.masters, [{ name: 'rsync1', key: FACTS.masters[0]?.triggerKey }])
  assert.deepEqual(servedNames(facts).slice(0, 2), ['database.clamav.test', 'db.*.clamav.test'])
})

const DOORS: readonly (readonly [string, Partial<KitFacts>, string, string])[] = [
  ['on loopback its own address alone', {}, '127.0.1.1', '127.0.1.1:2222'],
  ['everywhere in IPv4', { addresses: ['193.0.6.1'] }, '0.0.0.0', '0.0.0.0:2222'],
  ['everywhere, with IPv6', { addresses: ['193.0.6.1', '2001:67c::1'] }, '::', ':::2222'],
  [
    'never where the machine’s sshd listens',
    { sshPort: 22, addresses: ['193.0.6.1'] },
    '0.0.0.0',
    '127.0.0.1:2223',
  ],
]
for (const [claim, more, web, ssh] of DOORS) {
  test(`our own mirror listens ${claim}`, () => {
    const { mirror } = settingsOf(more)
    assert.equal(mirror?.http.host, web)
    assert.equal(`${mirror?.ssh.host}:${mirror?.ssh.port}`, ssh)
  })
}

test('the conf of a kit has the login, every master with his port, and keeps local_*', () => {
  const conf = parseClientsyncConf(textOf('clam-clientsync.conf'), { home: '/home/clamavdb' })
  assert.ok(conf.ok)
  assert.partialDeepStrictEqual(conf.value, {
    to: '/var/www/clamav',
    rsyncUser: 'fra1',
    rsyncPassword: 'wonderland',
    exclude: ['local_*'],
    tufRoot: '/home/clamavdb/etc/root.json',
  })
  assert.deepEqual(conf.value.masters.get('rsync1'), { host: '127.0.0.1', port: 8873 })
})

test('a manifest is read again; one that leads out of the kit is not', () => {
  const manifest = { zone: 'clamav.test', mirror: 'fra1', account: 'clamavdb' }
  const entry = { path: 'publishers/a.pub.json', sha256: '0'.repeat(64) }
  const good = parseManifest(printManifest({ ...manifest, files: [entry] }))
  assert.deepEqual(good.ok && good.value.files, [entry])
  for (const path of ['../x', '/etc/passwd', 'a/../b', 'a/b/c', '', '.', '-x']) {
    assert.ok(!parseManifest(printManifest({ ...manifest, files: [{ ...entry, path }] })).ok, path)
  }
  assert.ok(!parseManifest(printManifest({ ...manifest, account: 'root; x', files: [] })).ok)
  assert.ok(!parseManifest('{}').ok)
})

test('each key of a sigmaker starts his trigger, whatever the paths are called', () => {
  const key = FACTS.masters[0]?.triggerKey ?? ''
  const text = authorizedKeysNotify([{ name: 'alice', keys: [key] }], {
    program: ['/opt/cvd net/cvdnet'],
    config: '/etc/cvdnet.toml',
  })
  const command = `'/opt/cvd net/cvdnet' notify alice --config /etc/cvdnet.toml`
  assert.ok(text.endsWith(`\nrestrict,command="${command}" ${key} alice\n`), text)
})

test('what the registry allows a sync in kbit stands in the conf in KiB, and a kit without it keeps the operator’s', () => {
  const conf = (bandwidthKbit: number | undefined) => {
    const read = readConf(textOf('clam-clientsync.conf', { bandwidthKbit }), '/home/clamavdb')
    assert.ok(read)
    return read
  }
  const kib = (kbit: number | undefined) => conf(kbit).bandwidthKib
  assert.deepEqual([kib(undefined), kib(1), kib(8192), kib(10_000)], [undefined, 1, 1000, 1220])
  const after = (kbit: number | undefined, before: number | undefined) =>
    readConf(installedConf(conf(kbit), conf(before), facts.place), '/home/clamavdb')?.bandwidthKib
  assert.deepEqual([after(undefined, 8192), after(16_384, 8192)], [1000, 2000])
})
