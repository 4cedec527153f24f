import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { drawSalt } from '#adapters/keys/index.ts'
import { dbVersion, parseDbName } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import { signerOf } from '#core/databases/index.ts'
import { type BuildKind, buildDatabase } from '#formats/cvd/index.ts'
import { parsePublisherSecrets } from '#formats/dsig/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'cvdnet-cvd-'))
after(() => rmSync(folder, { recursive: true }))
const at = (file: string) => join(folder, file)

function cvdnet(...args: readonly string[]) {
  const run = spawnSync(process.execPath, ['bin/cvdnet.ts', ...args], { encoding: 'utf8' })
  return { status: run.status, out: run.stdout, complaint: run.stderr }
}

function build(how: BuildKind): Uint8Array {
  const name = parseDbName('acme')
  const version = dbVersion(3)
  assert.ok(name.ok && version !== undefined)
  return buildDatabase({
    name: name.value,
    version,
    members: new Map([['acme.ndb', Buffer.from('Test.B:0:*:deadbeef\n')]]),
    builder: 'tester',
    builtAt: epochSeconds(1_700_000_000),
    functionalityLevel: 90,
    signatures: 1,
    ...how,
  })
}

test('from new keys to a verified database, all on the command line', () => {
  const made = cvdnet('key', 'new', 'acme', '-o', at('acme.secret'))
  assert.equal(made.status, 0, made.complaint)
  assert.equal(statSync(at('acme.secret')).mode & 0o777, 0o600)
  const again = cvdnet('key', 'new', 'acme', '-o', at('acme.secret'))
  assert.equal(again.status, 2)
  assert.match(again.complaint, /exists already/)
  const shown = cvdnet('key', 'show', at('acme.secret'))
  assert.doesNotMatch(shown.out, /"d"/)
  writeFileSync(at('acme.keys'), shown.out)

  const secrets = parsePublisherSecrets(readFileSync(at('acme.secret'), 'utf8'))
  assert.ok(secrets.ok)
  writeFileSync(at('acme.cvd'), build({ kind: 'cvd', signer: signerOf(secrets.value, drawSalt) }))
  const known = cvdnet('cvd', 'verify', '--keys', at('acme.keys'), at('acme.cvd'))
  assert.deepEqual([known.status, known.complaint], [0, ''])
  assert.match(known.out, /acme\.cvd: verified, signed by acme\n/)
  const unknown = cvdnet('cvd', 'verify', at('acme.cvd'))
  assert.equal(unknown.status, 1)
  assert.match(unknown.out, /NOT verified \(2 reasons\)/)
  assert.match(unknown.complaint, /no known publisher has signed the list of members/)
  const outer = cvdnet('cvd', 'verify', '--outer', '--keys', at('acme.keys'), at('acme.cvd'))
  assert.equal(outer.status, 0)
  const secret = cvdnet('cvd', 'verify', '--keys', at('acme.secret'), at('acme.cvd'))
  assert.equal(secret.status, 2)
  assert.match(secret.complaint, /"header\.d" is a secret.*cvdnet key show/)
})

test('an unsigned database passes only where that is asked for', () => {
  writeFileSync(at('plain.cud'), build({ kind: 'cud' }))
  const strict = cvdnet('cvd', 'info', at('plain.cud'))
  assert.equal(strict.status, 1)
  assert.match(strict.out, /^Verdict: +unsigned; all sums hold$/m)
  assert.match(strict.complaint, /--unsigned accepts that/)
  const lax = cvdnet('cvd', 'info', '--unsigned', at('plain.cud'))
  assert.deepEqual([lax.status, lax.complaint], [0, ''])
})

test('the worst of several files decides the exit status, and each is reported', () => {
  writeFileSync(at('bad.cvd'), '<html>')
  writeFileSync(at('good.cud'), build({ kind: 'cud' }))
  const mixed = cvdnet('cvd', 'verify', '--unsigned', at('none.cvd'), at('bad.cvd'), at('good.cud'))
  assert.equal(mixed.status, 3)
  assert.match(mixed.complaint, /Cannot open ".*none\.cvd" \(ENOENT\)/)
  assert.match(mixed.complaint, /bad\.cvd: the file ends inside the header, after 6 bytes/)
  assert.match(mixed.out, /good\.cud: unsigned; all sums hold/)
})

test('--json gives an object for one file and an array for several', () => {
  writeFileSync(at('json.cud'), build({ kind: 'cud' }))
  writeFileSync(at('json.cvd'), 'ClamAV-VDB:')
  const one = JSON.parse(cvdnet('cvd', 'info', '--json', at('json.cud')).out)
  assert.equal(one.version, 3)
  assert.equal(one.verdict, 'unsigned')
  assert.deepEqual(one.members[2].name, 'acme.ndb')
  const two = JSON.parse(cvdnet('cvd', 'info', '--json', at('json.cud'), at('json.cvd')).out)
  assert.equal(two.length, 2)
  assert.equal(two[1].verified, false)
  assert.equal(two[1].faults[0].kind, 'header-too-short')
})

test('unpacking needs a database without fault and a folder that is not there', () => {
  writeFileSync(at('pack.cud'), build({ kind: 'cud' }))
  const unsigned = cvdnet('cvd', 'unpack', at('pack.cud'), at('members'))
  assert.equal(unsigned.status, 1)
  assert.match(unsigned.out, /nothing unpacked/)
  assert.ok(!existsSync(at('members')))
  const good = cvdnet('cvd', 'unpack', '--unsigned', at('pack.cud'), at('members'))
  assert.equal(good.status, 0, good.complaint)
  assert.equal(readFileSync(at('members/acme.ndb'), 'utf8'), 'Test.B:0:*:deadbeef\n')
  const twice = cvdnet('cvd', 'unpack', '--unsigned', at('pack.cud'), at('members'))
  assert.equal(twice.status, 2)
  assert.match(twice.complaint, /exists already/)
  writeFileSync(at('cut.cud'), build({ kind: 'cud' }).subarray(0, -3))
  const bad = cvdnet('cvd', 'unpack', '--unsigned', at('cut.cud'), at('nowhere'))
  assert.equal(bad.status, 1)
  assert.match(bad.complaint, /the gzip stream is cut off/)
  assert.ok(!existsSync(at('nowhere')))
})

test('wrong use ends with status 2 and a word about it', () => {
  for (const args of [['verify'], ['info', '--nonsense', 'x'], ['unpack', 'x'], ['nonsense']]) {
    const run = cvdnet('cvd', ...args)
    assert.equal(run.status, 2, args.join(' '))
    assert.match(run.complaint, /error: /)
  }
})
