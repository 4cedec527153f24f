import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

/** What clumsy users and hostile folders do to the commands. One publisher, two versions and the patch between. */
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-clumsy-'))
after(() => rmSync(folder, { recursive: true }))

/** By a shell, in the folder: its words are what a user types. */
function shell(line: string) {
  const cvdnet = `${process.execPath} ${join(import.meta.dirname, '..', 'cvdnet.ts')}`
  const script = `cvdnet() { ${cvdnet} "$@"; }; ${line}`
  const ended = spawnSync('bash', ['-c', script], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  })
  return { status: ended.status, out: ended.stdout, complaint: ended.stderr }
}

before(() => {
  mkdirSync(join(folder, 'sigs'))
  const sigs = join(folder, 'sigs', 'acme.ndb')
  writeFileSync(sigs, 'Acme.A:0:*:deadbeef\n')
  assert.equal(shell('cvdnet key new acme -o acme.key').status, 0)
  assert.equal(shell('cvdnet key show acme.key > acme.keys').status, 0)
  assert.equal(
    shell('cvdnet cvd build sigs --name acme --version 1 --key acme.key -o 1.cvd').status,
    0,
  )
  writeFileSync(sigs, 'Acme.A:0:*:deadbeef\nAcme.B:0:*:beefdead\n')
  assert.equal(
    shell('cvdnet cvd build sigs --name acme --version 2 --key acme.key -o 2.cvd').status,
    0,
  )
})

test('whoever signs a patch trusts himself: --key is enough for diff', () => {
  const made = shell('cvdnet cvd diff 1.cvd 2.cvd --key acme.key -o acme-2.cdiff')
  assert.equal(made.status, 0, made.complaint)
  const stranger = shell('cvdnet cvd diff 1.cvd 2.cvd --script -o acme-2.script')
  assert.equal(stranger.status, 1)
  assert.ok(!existsSync(join(folder, 'acme-2.script')))
})

test('a patch is shown and verified like a database', () => {
  const good = shell('cvdnet cvd verify acme-2.cdiff --keys acme.keys')
  assert.deepEqual([good.status, good.out], [0, 'acme-2.cdiff: verified, signed by acme\n'])
  const unknown = shell('cvdnet cvd verify acme-2.cdiff')
  assert.equal(unknown.status, 1)
  assert.match(unknown.complaint, /acme-2\.cdiff: the patch is not signed by ClamAV/)
  const shown = shell('cvdnet cvd info acme-2.cdiff 2.cvd --keys acme.keys')
  assert.equal(shown.status, 0)
  assert.match(shown.out, /Leads to version: {5}2\n.*\nTouches: {14}acme\.info acme\.ndb\n/)
  const json = JSON.parse(shell('cvdnet cvd info acme-2.cdiff --json --keys acme.keys').out)
  assert.deepEqual([json.kind, json.version, json.signedBy], ['cdiff', 2, 'acme'])
  copyFileSync(join(folder, 'acme-2.cdiff'), join(folder, 'acme-3.cdiff'))
  const renamed = shell('cvdnet cvd verify acme-3.cdiff --keys acme.keys')
  assert.equal(renamed.status, 1)
  assert.match(renamed.complaint, /leads to version 2, its name says 3/)
})

test('pipes and devices where files belong are refused at once', { timeout: 60_000 }, () => {
  shell('rm -f acme-3.cdiff; mkfifo pipe.cdiff acme-3.cdiff acme-9.cdiff; ln -s /dev/zero zero')
  for (const line of [
    'cvdnet cvd verify acme-9.cdiff',
    'cvdnet cvd apply 2.cvd acme-3.cdiff --keys acme.keys -o x.cld',
    'cvdnet cvd rebuild 1.cvd acme-2.cdiff --header pipe.cdiff --keys acme.keys -o x.cvd',
    'cvdnet cvd rebuild 1.cvd acme-2.cdiff --header zero --keys acme.keys -o x.cvd',
  ]) {
    const { status, complaint } = shell(line)
    assert.equal(status, 3, line)
    assert.match(complaint, /which is not a plain file/)
  }
  const endless = shell('cvdnet cvd verify 1.cvd --keys zero')
  assert.equal(endless.status, 2)
  const piped = shell('cvdnet cvd verify 1.cvd --keys <(cvdnet key show acme.key)')
  assert.deepEqual([piped.status, piped.complaint], [0, ''])
})

test('a member that is no file is not passed over in silence', () => {
  shell('mkdir -p odd/acme.hdb; cp sigs/acme.ndb odd; mkfifo odd/acme.ldb')
  const { status, complaint } = shell('cvdnet cvd build odd --name acme --version 1 -o odd.cud')
  assert.equal(status, 1)
  assert.match(complaint, /"acme\.hdb" is not a plain file\n/)
  assert.match(complaint, /"acme\.ldb" is not a plain file\n/)
  const none = shell('cvdnet cvd build sigs --name other --version 1 -o odd.cud')
  assert.match(none.complaint, /no other\.ndb, other\.hdb/)
  assert.ok(!existsSync(join(folder, 'odd.cud')))
})

test('file names cannot talk to the terminal', () => {
  mkdirSync(join(folder, 'esc'))
  writeFileSync(join(folder, 'esc', 'acme.ndb'), 'Acme.A:0:*:deadbeef\n')
  writeFileSync(join(folder, 'esc', '\x1b[31mred'), '')
  const { status, complaint } = shell('cvdnet cvd build esc --name acme --version 1 -o esc.cud')
  assert.equal(status, 0)
  assert.equal(complaint, 'left out: ?[31mred\n')
})

test('a field that cannot be built is wrong use, told before the work', () => {
  for (const builder of ['a:b', 'a b', '', 'x'.repeat(33)]) {
    const line = `cvdnet cvd build sigs --name acme --version 1 --builder '${builder}' -o f.cud`
    const { status, complaint } = shell(line)
    assert.equal(status, 2, builder)
    assert.match(complaint, /cannot be the builder/)
  }
})

test('keys that others may read are used with a warning', () => {
  copyFileSync(join(folder, 'acme.key'), join(folder, 'open.key'))
  chmodSync(join(folder, 'open.key'), 0o644)
  const line = 'cvdnet cvd build sigs --name acme --version 1 --key open.key -o open.cvd'
  const { status, complaint } = shell(line)
  assert.equal(status, 0)
  assert.match(complaint, /others may read the secrets in "open\.key"/)
  assert.doesNotMatch(shell(line.replace('open.key', 'acme.key')).complaint, /others/)
})

test('a reader who goes away is no crash; a full standard output is a failed world', () => {
  const gone = shell('cvdnet cvd info 1.cvd --keys acme.keys | true; exit $' + '{PIPESTATUS[0]}')
  assert.deepEqual([gone.status, gone.complaint], [0, ''])
  const full = shell('cvdnet cvd info 1.cvd --keys acme.keys > /dev/full')
  assert.equal(full.status, 3)
  assert.match(full.complaint, /cannot write to standard output \(ENOSPC\)/)
})

test('a place that is not there is named as it was typed, and nothing stays behind', () => {
  for (const line of [
    'cvdnet key new acme -o no/acme.key',
    'cvdnet cvd apply 1.cvd acme-2.cdiff --keys acme.keys -o no/x.cld',
    'cvdnet cvd unpack 1.cvd no/x --keys acme.keys',
    'cvdnet cvd diff 1.cvd 2.cvd --key acme.key -o no/acme-2.cdiff',
  ]) {
    const { status, complaint } = shell(line)
    assert.equal(status, 3, line)
    assert.match(complaint, /"no\/[a-z]+[^"]*".*ENOENT/)
    assert.doesNotMatch(complaint, /\.tmp/)
  }
  const refused = shell('cvdnet cvd legacy 1.cvd 2.cvd -o deep/er/legacy')
  assert.equal(refused.status, 1)
  assert.ok(!existsSync(join(folder, 'deep')))
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('.')),
    [],
  )
})

test('one bad version does not leave the other half unpacked', () => {
  shell('head -c 600 1.cvd > cut.cvd; mkdir -p scratch')
  const { status, complaint } = shell(
    'TMPDIR=scratch cvdnet cvd diff cut.cvd 2.cvd --key acme.key -o acme-2.cdiff',
  )
  assert.equal(status, 1)
  assert.match(complaint, /"cut\.cvd" does not verify/)
  assert.deepEqual(readdirSync(join(folder, 'scratch')), [])
})
