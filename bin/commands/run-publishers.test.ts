import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { newPublisherSecrets } from '#adapters/keys/index.ts'
import { parseSettings } from '#formats/cvdnet-toml/index.ts'
import { printPublisherKeys, printPublisherSecrets, publicKeys } from '#formats/dsig/index.ts'
import { without } from '../../test/support/run.ts'
import { AUTHORITY, testCertificate } from '../../test/support/test-ca.ts'
import { readPublisher } from './run/publishers.ts'

const folder = mkdtempSync(join(tmpdir(), 'cvdnet-publishers-'))
after(() => rmSync(folder, { recursive: true }))
const at = (file: string) => join(folder, file)

const acme = await newPublisherSecrets('acme')
const other = await newPublisherSecrets('acme')
writeFileSync(at('keys'), printPublisherKeys(publicKeys(acme)))
writeFileSync(at('secrets'), printPublisherSecrets(acme), { mode: 0o600 })
writeFileSync(at('other'), printPublisherSecrets(other), { mode: 0o600 })
mkdirSync(at('empty'))
const good = { name: 'acme', keys: at('keys'), secrets: undefined, certs: undefined, always: [] }

test('a publisher’s files are read: keys, secrets and habits', async () => {
  assert.deepEqual(await readPublisher({ ...good, always: ['patch'] }), {
    keys: publicKeys(acme),
    always: ['patch'],
  })
  assert.deepEqual((await readPublisher({ ...good, secrets: at('secrets') })).secrets, acme)
  const clamav = await readPublisher({ ...good, name: 'ClamAV', keys: undefined })
  assert.equal(clamav.keys.publisher, 'ClamAV')
})

test('certificates are looked at once at the start', { skip: without('openssl') }, async () => {
  const certs = at('certs')
  mkdirSync(certs)
  testCertificate(certs, 'Root', { extensions: AUTHORITY })
  assert.equal((await readPublisher({ ...good, certs })).certs, certs)
})

const BAD = [
  ['another publisher’s keys', { name: 'globex' }, 2, /holds keys of "acme", not of "globex"/],
  ['secrets of other keys', { secrets: at('other') }, 2, /do not belong together/],
  ['secrets that are public keys', { secrets: at('keys') }, 2, /others may read it \(chmod 600\)/],
  ['keys that are not there', { keys: at('none') }, 3, /Cannot read/],
  ['a folder without certificates', { certs: at('empty') }, 2, /holds no \.pem and no \.crt/],
  ['certificates that are not there', { certs: at('none') }, 3, /Cannot read the certificates/],
] as const

for (const [situation, change, status, message] of BAD) {
  test(`refused at the start: ${situation}`, async () => {
    await assert.rejects(readPublisher({ ...good, ...change }), { status, message })
  })
}

test('secrets that others may read are not used', async () => {
  chmodSync(at('secrets'), 0o640)
  await assert.rejects(readPublisher({ ...good, secrets: at('secrets') }), { status: 2 })
  chmodSync(at('secrets'), 0o600)
})

test('the settings in the guide for publishers are good settings', () => {
  const guide = readFileSync('docs/guides/publish-your-own-signatures.md', 'utf8')
  const [, toml = ''] = /^```toml\n([\s\S]*?)^```$/m.exec(guide) ?? []
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V'
  const text = `zone = "clamav.example"\n[master]\n${toml.replace('ssh-ed25519 AAAA…', key)}`
  const settings = parseSettings(text.replaceAll(/^# (?=\w+ =)/gm, ''), { folder: '/etc/cvdnet' })
  assert.ok(settings.ok, JSON.stringify(settings))
  assert.deepEqual(settings.value.master?.publishers, [
    {
      name: 'acme',
      keys: '/etc/cvdnet/keys/acme.pub.json',
      secrets: '/etc/cvdnet/keys/acme.json',
      certs: '/etc/cvdnet/certs/acme',
      always: ['patch'],
    },
  ])
})
