import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import { buildDatabase } from '#formats/cvd/index.ts'
import { without } from '../../test/support/run.ts'
import { AUTHORITY, FILE_SIGNER, testCertificate } from '../../test/support/test-ca.ts'
import { aName, aVersion } from '../../test/support/values.ts'

const skip = without('openssl')
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-sign-'))
after(() => rmSync(folder, { recursive: true }))
const at = (file: string) => join(folder, file)

function cvdnet(...args: readonly string[]) {
  const run = spawnSync(process.execPath, ['bin/cvdnet.ts', 'cvd', ...args], { encoding: 'utf8' })
  return { status: run.status, out: run.stdout, complaint: run.stderr }
}

test('sign and verify on the command line', { skip }, () => {
  const root = testCertificate(folder, 'Root', { extensions: AUTHORITY })
  const middle = testCertificate(folder, 'Middle', { issuer: root, extensions: AUTHORITY })
  const leaf = testCertificate(folder, 'Leaf', { issuer: middle, extensions: FILE_SIGNER })
  const code = testCertificate(folder, 'Code', {
    issuer: root,
    extensions: ['extendedKeyUsage = codeSigning'],
  })
  const certs = at('certs')
  mkdirSync(certs)
  copyFileSync(root.certificate, join(certs, 'root.crt'))
  const bytes = buildDatabase({
    kind: 'cud',
    name: aName('acme'),
    version: aVersion(3),
    members: new Map([['acme.ndb', Buffer.from('Test.B:0:*:deadbeef\n')]]),
    builder: 'tester',
    builtAt: epochSeconds(1_700_000_000),
    functionalityLevel: 90,
    signatures: 1,
  })
  writeFileSync(at('acme.cud'), bytes)
  writeFileSync(at('acme-3.cdiff'), 'not looked into\n')

  const chain = ['--cert', leaf.certificate, '--cert', middle.certificate, '--key', leaf.key]
  const signed = cvdnet('sign', at('acme.cud'), ...chain)
  assert.deepEqual([signed.status, signed.complaint], [0, ''])
  assert.match(signed.out, /acme-3\.cud\.sign: signs .*acme\.cud\n/)
  assert.equal(cvdnet('sign', at('acme-3.cdiff'), ...chain).status, 0)
  const both = cvdnet(
    ...['verify', '--unsigned', '--certs', certs],
    ...[at('acme.cud'), at('acme-3.cdiff')],
  )
  assert.deepEqual([both.status, both.complaint], [0, ''])
  assert.match(both.out, /acme-3\.cud\.sign: good, signed by "Leaf"/)
  assert.match(both.out, /acme-3\.cdiff\.sign: good, signed by "Leaf"/)

  const before = readFileSync(at('acme-3.cud.sign'), 'latin1')
  const more = cvdnet('sign', '--append', '--max-level', '235', at('acme.cud'), ...chain)
  assert.equal(more.status, 0)
  const grown = readFileSync(at('acme-3.cud.sign'), 'latin1')
  assert.ok(grown.startsWith(`${before}\n230:235:pkcs7-pem:`))

  const unfit = cvdnet('sign', at('acme.cud'), '--cert', code.certificate, '--key', code.key)
  assert.equal(unfit.status, 1)
  assert.match(unfit.complaint, /"Code" is not for signing files.*emailProtection/)
  assert.equal(readFileSync(at('acme-3.cud.sign'), 'latin1'), grown, 'what was there stays')

  writeFileSync(at('acme-3.cdiff'), 'Not looked into\n')
  const changed = cvdnet('verify', '--certs', certs, at('acme-3.cdiff'))
  assert.equal(changed.status, 1)
  assert.match(changed.out, /NOT good/)
  assert.match(changed.complaint, /line 2: it is for a file with other bytes/)
  rmSync(at('acme-3.cdiff.sign'))
  assert.equal(cvdnet('verify', '--certs', certs, at('acme-3.cdiff')).status, 1)
  rmSync(at('acme-3.cud.sign'))
  const plain = cvdnet('verify', '--unsigned', '--certs', certs, at('acme.cud'))
  assert.equal(plain.status, 0, 'an engine goes by what is inside')
  assert.match(plain.out, /acme-3\.cud\.sign: there is none/)
  writeFileSync(at('acme-3.cud.sign'), '<html>')
  const page = cvdnet('verify', '--unsigned', '--certs', certs, at('acme.cud'))
  assert.equal(page.status, 1)
  assert.match(page.complaint, /does not start with "#clamsign-1\.0"/)
})

test('wrong use of sign and of --certs is told apart from a refusal', { skip }, () => {
  const leaf = testCertificate(folder, 'Lone')
  writeFileSync(at('some.file'), 'x')
  const good = ['--cert', leaf.certificate, '--key', leaf.key]
  const statuses = (args: readonly string[]) => cvdnet('sign', ...args).status
  assert.equal(statuses([at('some.file'), '--cert', leaf.certificate]), 2)
  assert.equal(statuses([at('some.file'), ...good, '--min-level', 'high']), 2)
  assert.equal(statuses([at('some.file'), '--cert', leaf.key, '--key', leaf.key]), 2)
  assert.equal(
    statuses([at('some.file'), '--cert', leaf.certificate, '--key', leaf.certificate]),
    2,
  )
  assert.equal(statuses([at('none.file'), ...good]), 3)
  writeFileSync(at('bad.cvd'), '<html>')
  const unnamed = cvdnet('sign', at('bad.cvd'), ...good)
  assert.equal(unnamed.status, 1)
  assert.match(unnamed.complaint, /its header cannot be read/)
  writeFileSync(at('junk.sign'), 'junk')
  const append = cvdnet('sign', '--append', at('junk'), ...good)
  assert.notEqual(append.status, 0)
  assert.ok(!existsSync(at('some.file.sign')))
  const empty = at('empty')
  mkdirSync(empty)
  const nobody = cvdnet('verify', '--certs', empty, at('some.file'))
  assert.equal(nobody.status, 2)
  assert.match(nobody.complaint, /it holds no \.pem and no \.crt/)
  assert.equal(cvdnet('verify', '--certs', at('nowhere'), at('some.file')).status, 3)
})
