import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { newPublisherSecrets } from '#adapters/keys/index.ts'
import { printPublisherKeys, printPublisherSecrets, publicKeys } from '#formats/dsig/index.ts'
import { makeOwnKeyClamav, ownKeyClamavMissing } from '../support/own-key-clamav.ts'
import { realData, run, without, withoutRealData } from '../support/run.ts'

/** The judges of what `cvdnet cvd build` makes: sigtool, clamscan and freshclam. */
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-build-'))
after(() => rmSync(folder, { recursive: true }))

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e'
const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const SHA1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'
const SAMPLE = Buffer.from('a file that nobody else has, made for the tests of cvdnet\n')
const SAMPLE_LINE = `${createHash('md5').update(SAMPLE).digest('hex')}:${SAMPLE.byteLength}:Cvdnet.Test\n`

function folderOf(title: string, files: Readonly<Record<string, string>>): string {
  const path = join(folder, title)
  mkdirSync(path)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text)
  return path
}

function cvdnet(...args: readonly string[]) {
  return run(process.execPath, ['bin/cvdnet.ts', 'cvd', ...args], { env: { TZ: 'UTC' } })
}

/** sigtool works where the files are, and leaves the database there. */
async function sigtoolBuild(home: string, name: string): Promise<Buffer> {
  const args = ['--build', `${name}.cud`, '--unsigned', '--cvd-version', '4', `--datadir=${home}`]
  const end = await run('sigtool', args, { cwd: home, env: { SIGNDUSER: 'tester', TZ: 'UTC' } })
  assert.equal(end.status, 0, end.all)
  const built = readFileSync(join(home, `${name}.cud`))
  rmSync(join(home, `${name}.cud`))
  return built
}

async function ourBuild(home: string, name: string, time: string): Promise<Buffer> {
  const output = join(folder, `${name}.cud`)
  const options = ['--name', name, '--version', '4', '--builder', 'tester', '--time', time]
  const end = await cvdnet('build', home, ...options, '-o', output)
  assert.equal(end.status, 0, end.all)
  return readFileSync(output)
}

/**
 * One build in 256 has an MD5 that begins with 00. Ours is then built anew a second later, as engines want it, and
 * this sigtool's is not: both build again when its second is over, since a build within it has the same MD5.
 */
async function bothBuild(home: string, name: string): Promise<{ ours: Buffer; theirs: Buffer }> {
  for (let tries = 1; ; tries += 1) {
    const theirs = await sigtoolBuild(home, name)
    const second = headerField(theirs, 8)
    const ours = await ourBuild(home, name, second)
    if (!headerField(theirs, 5).startsWith('00') || tries === BUILDS_MAX) return { ours, theirs }
    await setTimeout((Number(second) + 1) * 1000 - Date.now())
  }
}

const BUILDS_MAX = 4

const headerField = (database: Buffer, at: number) =>
  database.subarray(0, 512).toString('latin1').trimEnd().split(':')[at] ?? ''

for (const [database, name] of [
  ['test-3.cvd', 'test'],
  ['test-5.cvd', 'test'],
  ['bytecode.cvd', 'bytecode'],
] as const) {
  test(`out of the members of ${database}, sigtool and we build the same bytes`, {
    skip: without('sigtool') || withoutRealData(),
  }, async () => {
    const home = folderOf(`same-${database}`, {})
    await run('sigtool', ['--unpack', realData(`clamav/${database}`)], { cwd: home })
    rmSync(join(home, `${name}.info`))
    const { ours, theirs } = await bothBuild(home, name)
    assert.deepEqual(ours, theirs)
  })
}

const BASE = { 'acme.hdb': `${MD5}:99:A.Base\n` }
/** What stands in the folder beside one signature that counts. */
const COUNTED: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  [
    'hash lines for other engines',
    { 'acme.hsb': `${SHA256}:1:A:217\n${SHA256}:1:B:1:215\n${SHA256}:1:C:216:216\n` },
  ],
  [
    'sizes that are open',
    { 'acme.msb': `*:${SHA256}:A:73\n`, 'acme.imp': `${MD5}:*:A.C:73\n${MD5}:1:B:217\n` },
  ],
  [
    'potentially unwanted',
    { 'acme.hdu': `${MD5}:1:A\n`, 'acme.mdu': `1:${MD5}:A\n`, 'acme.ndu': 'A:0:*:deadbeefdead\n' },
  ],
  ['false positives', { 'acme.fp': `${MD5}:1:A\n`, 'acme.sfp': `${SHA256}:1:A:73\n` }],
  ['text signatures', { 'acme.db': '#c\nA=deadbeefdeadbeef\nB=0011223344556677\n' }],
  [
    'targets and levels',
    {
      'acme.ndb':
        'A:*:*:deadbeefdead\nB:14:*:deadbeefdead\nC:15:*:deadbeefdead\nD:0:*:deadbeef:217\nE:0:*:deadbeef:1:215\n',
    },
  ],
  ['self protection', { 'acme.sdb': 'A:0:*:deadbeefdead\n' }],
  [
    'logical signatures',
    {
      'acme.ldb':
        'A;Engine:217-255,Target:0;0;deadbeef\nB;Engine:51-215,Target:0;0;deadbeef\nC;Engine:51-255,Target:15;0;deadbeef\nD;Engine:51-255,Target:0;0;deadbeef\nE;Engine:51-255,Target:0,Container:CL_TYPE_ZIP;0;deadbeef\nF;Engine:51-255,Target:0,HandlerType:CL_TYPE_NEW;0;deadbeef\nG;Engine:99-255,Target:0,Intermediates:CL_TYPE_ZIP>CL_TYPE_ANY;0;deadbeef\nH;Target:0,News:1;0;deadbeef\n',
    },
  ],
  ['archive members', { 'acme.zmd': 'A:1:aa:*:*:*:*:*:*\n', 'acme.rmd': 'A:1:aa:*:*:*:*:*:*\n' }],
  [
    'containers',
    {
      'acme.cdb':
        'A:CL_TYPE_ZIP:*:abc:*:*:*:*:*:*:217\nB:CL_TYPE_ZIP:*:abc:*:*:*:*:*:*:1:215\nC:*:*:abc:*:*:*:*:*:*\n',
    },
  ],
  [
    'phishing',
    {
      'acme.pdb': '#c\nH:www.example.com\nR:ab.*:b.*:1-215\nH:example.com:216-\n',
      'acme.wdb': 'M:www.a.com:www.b.com\n',
    },
  ],
  [
    'browsing',
    {
      'acme.gdb': `S:P:${SHA256}\nS:F:${SHA256.slice(0, 8)}\nS1:P:${SHA256}\nS:P:${SHA256}:217-\n`,
    },
  ],
  ['certificates', { 'acme.crb': `Trusted.A;1;${SHA1};;cccccccc;010001;1;1;1;0;comment\n` }],
  [
    'file types and settings',
    {
      'acme.ftm': '0:0:cafebabe:Name:CL_TYPE_ANY:CL_TYPE_ANY\n',
      'acme.cfg': 'DOCUMENT:0x5:10:100\n',
    },
  ],
  ['icons', { 'acme.idb': `A:G1:G2:10${'00'.repeat(61)}\nB:G1:G2:20${'00'.repeat(61)}\n` }],
  [
    'ignored names',
    {
      'acme.ign2': 'Abc\nacme.hdb:1:A.Base\n',
      'acme.ndb': 'Abc:0:*:deadbeefdead\nAAbc:0:*:deadbeefdead\n',
      'acme.db': 'Abc=deadbeefdeadbeef\nAbcd=deadbeefdeadbeef\n',
      'acme.cdb': 'Abc:*:*:abc:*:*:*:*:*:*\n',
      'acme.ldb': 'Abc;Engine:51-255,Target:0;0;deadbeef\nB;Engine:51-255,Target:0;0;deadbeef\n',
    },
  ],
  [
    'names ignored by their line',
    {
      'acme.ign2': `Abc:${createHash('md5').update(`${MD5}:1:Abc`).digest('hex')}\nBcd:${MD5}\n`,
      'acme.hdb': `${MD5}:1:Abc\n${MD5}:2:Bcd\n`,
    },
  ],
]
for (const [situation, files] of COUNTED) {
  test(`sigtool and we count and pack the same: ${situation}`, {
    skip: without('sigtool'),
  }, async () => {
    const home = folderOf(`count-${situation}`, { COPYING: 'free\n', ...BASE, ...files })
    const { ours, theirs } = await bothBuild(home, 'acme')
    assert.equal(headerField(ours, 3), headerField(theirs, 3), 'number of signatures')
    assert.deepEqual(ours, theirs)
  })
}

test('sigtool accepts a .cud of ours, and clamscan finds its sample with it', {
  skip: without('sigtool', 'clamscan'),
}, async () => {
  const home = folderOf('cud-in', { 'acme.hdb': SAMPLE_LINE })
  const place = folderOf('cud-out', {})
  const options = ['--name', 'acme', '--version', '1', '-o', join(place, 'acme.cud')]
  const built = await cvdnet('build', home, ...options)
  assert.equal(built.status, 0, built.all)
  const info = await run('sigtool', ['--info', join(place, 'acme.cud')])
  assert.match(info.out, /Unsigned container/)
  assert.match(info.out, /^Signatures: 1$/m)
  writeFileSync(join(folder, 'sample'), SAMPLE)
  const scan = await run('clamscan', ['-d', place, '--no-summary', join(folder, 'sample')])
  assert.match(scan.out, /Cvdnet\.Test\.UNOFFICIAL FOUND/, scan.all)
})

test('a .cvd of ours is accepted by sigtool and freshclam that trust our keys, and by no others', {
  skip: without('freshclam') || (ownKeyClamavMissing() ?? false),
}, async () => {
  const secrets = await newPublisherSecrets('acme')
  const key = join(folder, 'acme.secret')
  writeFileSync(key, printPublisherSecrets(secrets))
  writeFileSync(join(folder, 'acme.keys'), printPublisherKeys(publicKeys(secrets)))
  const home = folderOf('cvd-in', { 'acme.hdb': SAMPLE_LINE })
  const web = folderOf('web', {})
  const path = join(web, 'acme.cvd')
  const options = ['--name', 'acme', '--version', '7', '--key', key, '-o', path]
  const built = await cvdnet('build', home, ...options)
  assert.equal(built.status, 0, built.all)
  const verified = await cvdnet('verify', '--keys', join(folder, 'acme.keys'), path)
  assert.equal(verified.status, 0, verified.all)

  const own = makeOwnKeyClamav(join(folder, 'own'), publicKeys(secrets))
  const info = await run(own.sigtool, ['--info', path], { env: own.env })
  assert.match(info.out, /Builder: acme[\s\S]*Verification OK/, info.all)

  const server = createServer((_, response) => response.end(readFileSync(path)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const client = folderOf('client', {})
  const conf = join(folder, 'freshclam.conf')
  writeFileSync(
    conf,
    [
      ...(process.getuid?.() === 0 ? ['DatabaseOwner root'] : []),
      `DatabaseDirectory ${client}`,
      'DNSDatabaseInfo no',
      'DatabaseMirror http://127.0.0.1:9',
      'MaxAttempts 1',
      `DatabaseCustomURL http://127.0.0.1:${address.port}/acme.cvd`,
      '',
    ].join('\n'),
  )
  const update = (env: Readonly<Record<string, string>>) =>
    run('freshclam', ['--stdout', `--config-file=${conf}`, '--update-db=custom'], { env })
  const stock = await update({})
  assert.ok(!readdirSync(client).includes('acme.cvd'), stock.all)
  const trusting = await update(own.env)
  assert.equal(trusting.status, 0, trusting.all)
  assert.deepEqual(readFileSync(join(client, 'acme.cvd')), readFileSync(path))
  server.close()
})
