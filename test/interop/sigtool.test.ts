import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { examineFile } from '#adapters/databases/index.ts'
import { drawSalt, newPublisherSecrets } from '#adapters/keys/index.ts'
import { dbVersion, parseDbName } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import { signerOf, trustedPublishers, verifiersOf } from '#core/databases/index.ts'
import { type BuildKind, buildDatabase } from '#formats/cvd/index.ts'
import { publicKeys } from '#formats/dsig/index.ts'
import { makeOwnKeyClamav, ownKeyClamavMissing } from '../support/own-key-clamav.ts'

const DATA = '../shared/data/clamav'
const has = (program: string, flag = '--version') => spawnSync(program, [flag]).status === 0
const noSigtool = has('sigtool') ? false : 'sigtool is not installed'
const noClamscan = has('clamscan') ? false : 'clamscan is not installed'
const noData = existsSync(DATA) ? noSigtool : `no real data in ${DATA}`

const folder = mkdtempSync(join(tmpdir(), 'cvdnet-sigtool-'))
after(() => rmSync(folder, { recursive: true }))
const { signal } = new AbortController()

/** `Version: 5` → `version` 5, as `cvdnet cvd info` names the fields. */
function sigtoolInfo(output: string): ReadonlyMap<string, string> {
  return new Map(
    output
      .split('\n')
      .map((line) => /^([A-Z][A-Za-z0-9 ]+): +(.*)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, label = '', value = '']) => [label, value]),
  )
}

function cvdnet(...args: readonly string[]) {
  return spawnSync(process.execPath, ['bin/cvdnet.ts', 'cvd', ...args], { encoding: 'utf8' })
}

test('cvd info shows for every real file the figures of sigtool --info', { skip: noData }, () => {
  const files = readdirSync(DATA).filter((file) => file.endsWith('.cvd'))
  assert.ok(files.length >= 6)
  for (const file of files) {
    const path = join(DATA, file)
    const theirs = sigtoolInfo(spawnSync('sigtool', ['--info', path], { encoding: 'utf8' }).stdout)
    const run = cvdnet('info', path)
    const ours = sigtoolInfo(run.stdout)
    for (const label of [
      'Build time',
      'Version',
      'Signatures',
      'Functionality level',
      'Builder',
      'MD5',
      'Digital signature',
    ]) {
      assert.ok(theirs.has(label), label)
      assert.equal(ours.get(label), theirs.get(label), `${file}: ${label}`)
    }
    assert.equal(ours.get('Verdict'), 'verified, signed by ClamAV')
    assert.equal(run.status, 0)
  }
})

test('sigtool and cvd unpack write the same members', { skip: noData }, () => {
  const path = join(process.cwd(), DATA, 'test-5.cvd')
  const theirs = join(folder, 'theirs')
  const ours = join(folder, 'ours')
  mkdirSync(theirs)
  assert.equal(spawnSync('sigtool', ['--unpack', path], { cwd: theirs }).status, 0)
  assert.equal(cvdnet('unpack', path, ours).status, 0)
  assert.deepEqual(readdirSync(ours), readdirSync(theirs))
  for (const file of readdirSync(ours)) {
    assert.deepEqual(readFileSync(join(ours, file)), readFileSync(join(theirs, file)))
  }
})

const SAMPLE = Buffer.from('a file that nobody else has, made for the tests of cvdnet\n')
const SAMPLE_MD5 = createHash('md5').update(SAMPLE).digest('hex')
const LINE = `${SAMPLE_MD5}:${SAMPLE.byteLength}:Cvdnet.Test\n`

function build(how: BuildKind): Uint8Array {
  const name = parseDbName('acme')
  const version = dbVersion(12)
  assert.ok(name.ok && version !== undefined)
  return buildDatabase({
    name: name.value,
    version,
    members: new Map([['acme.hdb', Buffer.from(LINE)]]),
    builder: 'tester',
    builtAt: epochSeconds(1_750_000_000),
    utcOffsetMinutes: -210,
    functionalityLevel: 90,
    signatures: 1,
    ...how,
  })
}

function database(title: string, file: string, bytes: Uint8Array): { home: string; path: string } {
  const home = join(folder, title)
  mkdirSync(home)
  const path = join(home, file)
  writeFileSync(path, bytes)
  writeFileSync(join(folder, 'sample'), SAMPLE)
  return { home, path }
}

function scan(home: string, env: NodeJS.ProcessEnv = process.env) {
  const args = ['--database', home, '--no-summary', join(folder, 'sample')]
  return spawnSync('clamscan', args, { env, encoding: 'utf8' })
}

test('a .cud of ours passes sigtool --info and finds its sample in the stock engine', {
  skip: noSigtool || noClamscan,
}, () => {
  const { home, path } = database('cud', 'acme.cud', build({ kind: 'cud' }))
  const info = spawnSync('sigtool', ['--info', path], { encoding: 'utf8' })
  assert.match(info.stdout, /^Build time: 15 Jun 2025 11:36 -0330$/m)
  assert.match(info.stdout, /^Version: 12$/m)
  assert.match(info.stdout, /Unsigned container/)
  const found = scan(home)
  assert.match(found.stdout, /sample: Cvdnet\.Test\.UNOFFICIAL FOUND/)
  assert.equal(found.status, 1)
})

test('a .cvd and a .cld of ours load in an engine that was made to trust our keys, and in no other', {
  skip: noClamscan || (ownKeyClamavMissing() ?? false),
}, async () => {
  const secrets = await newPublisherSecrets('acme')
  const own = makeOwnKeyClamav(join(folder, 'own-keys'), publicKeys(secrets))
  const env = { ...process.env, ...own.env }
  const signer = signerOf(secrets, drawSalt)
  const verifiers = verifiersOf(trustedPublishers([publicKeys(secrets)]))
  for (const kind of ['cvd', 'cld'] as const) {
    const { home, path } = database(kind, `acme.${kind}`, build({ kind, signer }))
    assert.deepEqual((await examineFile(path, { verifiers, signal })).faults, [])
    const trusting = scan(home, env)
    assert.match(trusting.stdout, /sample: Cvdnet\.Test FOUND/, trusting.stderr)
    assert.equal(scan(home).status, 2, 'the stock engine refuses the database')
  }
  const path = join(folder, 'cvd', 'acme.cvd')
  const info = spawnSync(own.sigtool, ['--info', path], { env, encoding: 'utf8' })
  assert.match(info.stdout, /Verification OK/)
})

test('a .cud that sigtool built is good', { skip: noSigtool }, async () => {
  const home = join(folder, 'built')
  mkdirSync(home)
  writeFileSync(join(home, 'COPYING'), 'free')
  writeFileSync(join(home, 'acme.hdb'), LINE)
  const args = ['--build', 'acme.cud', '--unsigned', '--cvd-version', '4', `--datadir=${home}`]
  const env = { ...process.env, SIGNDUSER: 'tester' }
  const built = spawnSync('sigtool', args, { cwd: home, env, encoding: 'utf8' })
  assert.equal(built.status, 0, built.stderr)
  const found = await examineFile(join(home, 'acme.cud'), { verifiers: [], signal })
  assert.deepEqual(found.faults, [])
  assert.equal(found.header?.version, 4)
  assert.equal(found.name, 'acme')
})
