import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { missingPrograms, SshWorld } from './ssh-world.ts'

const skip = await missingPrograms('ssh', 'ssh-keygen', 'rsync', 'scp', 'sftp', 'prlimit')
const MIB = 1024 * 1024

async function startWorld(): Promise<SshWorld> {
  return await new SshWorld().start()
}

test('rsync as in the manual: -tcz --stats --progress, times kept (R92)', { skip }, async () => {
  await using world = await startWorld()
  const anna = await world.addSigmaker('anna')
  const bytes = randomBytes(3 * MIB)
  const file = world.file('daily.cvd', bytes)
  utimesSync(file, 1_700_000_000, 1_700_000_000)
  const end = await world.rsync(anna, ['-tcz', '--stats', '--progress', file, world.to()])
  assert.equal(end.status, 0, end.err)
  assert.match(end.out, /Number of regular files transferred: 1/)
  assert.equal(end.err, '')
  assert.deepEqual(readdirSync(anna.folder), ['daily.cvd'])
  assert.deepEqual(readFileSync(join(anna.folder, 'daily.cvd')), bytes)
  assert.equal(statSync(join(anna.folder, 'daily.cvd')).mtimeMs, 1_700_000_000_000)
  const again = await world.rsync(anna, ['-tcz', '--stats', file, world.to()])
  assert.match(again.out, /Number of regular files transferred: 0/)
})

const WAYS: readonly (readonly string[])[] = [
  ['-t'],
  ['-tvP'],
  ['-tziv'],
  ['-tc', '--inplace'],
  ['-tq', '--whole-file', '--no-compress'],
  ['-t', '--zc=zstd', '--zl=3'],
  ['-tz', '--old-compress'],
  ['-tp', '--bwlimit=100000', '--timeout=20'],
  ['-tz', '--protocol=29'],
  ['-t', '--cc=md5', '-B', '1000'],
]

for (const options of WAYS) {
  test(`rsync ${options.join(' ')}`, { skip }, async () => {
    await using world = await startWorld()
    const anna = await world.addSigmaker('anna')
    const bytes = randomBytes(300_000)
    const [one, two] = [world.file('main.cvd', bytes), world.file('main.cvd.sign', 'signature')]
    writeFileSync(join(anna.folder, 'main.cvd'), bytes.subarray(0, 200_000))
    const end = await world.rsync(anna, [...options, one, two, world.to()])
    assert.equal(end.status, 0, end.err)
    assert.deepEqual(readFileSync(join(anna.folder, 'main.cvd')), bytes)
    assert.deepEqual(readdirSync(anna.folder).sort(), ['main.cvd', 'main.cvd.sign'])
  })
}

test('rsync takes up a cut upload where it broke off', { skip }, async () => {
  await using world = await startWorld()
  const anna = await world.addSigmaker('anna')
  const bytes = randomBytes(6 * MIB)
  const file = world.file('daily.cvd', bytes)
  const cut = new AbortController()
  const first = world.rsync(anna, ['-t', '--partial', '--bwlimit=3000', file, world.to()], {
    signal: cut.signal,
  })
  await sleep(900)
  cut.abort()
  assert.notEqual((await first).status, 0)
  for (let turn = 0; turn < 50 && !readdirSync(anna.folder).includes('daily.cvd'); turn += 1) {
    await sleep(100)
  }
  const partial = statSync(join(anna.folder, 'daily.cvd')).size
  assert.ok(partial > 0 && partial < bytes.byteLength, `${partial} bytes were kept`)
  const rest = ['-t', '--partial', '--append-verify', '--stats', file, world.to()]
  const second = await world.rsync(anna, rest)
  assert.equal(second.status, 0, second.err)
  const [, literal = ''] = /Literal data: ([\d,]+)/.exec(second.out) ?? []
  assert.equal(Number(literal.replaceAll(',', '')), bytes.byteLength - partial)
  assert.deepEqual(readFileSync(join(anna.folder, 'daily.cvd')), bytes)
  assert.deepEqual(readdirSync(anna.folder), ['daily.cvd'])
})

for (const [title, option] of [
  ['scp', []],
  ['scp -O, the old protocol', ['-O']],
] as const) {
  test(`${title}: two files, times kept, a shorter one over a longer one`, { skip }, async () => {
    await using world = await startWorld()
    const anna = await world.addSigmaker('anna')
    const [one, two] = [randomBytes(2 * MIB + 1), randomBytes(10)]
    const files = [world.file('main.cvd', one), world.file('daily.cvd', two)]
    for (const file of files) utimesSync(file, 1_700_000_000, 1_700_000_000)
    writeFileSync(join(anna.folder, 'daily.cvd'), randomBytes(1000))
    const end = await world.scp(anna, [...option, '-p', ...files, world.to()])
    assert.equal(end.status, 0, end.err)
    assert.equal(end.err, '')
    assert.deepEqual(readdirSync(anna.folder).sort(), ['daily.cvd', 'main.cvd'])
    assert.deepEqual(readFileSync(join(anna.folder, 'main.cvd')), one)
    assert.deepEqual(readFileSync(join(anna.folder, 'daily.cvd')), two)
    assert.equal(statSync(join(anna.folder, 'daily.cvd')).mtimeMs, 1_700_000_000_000)
    const renamed = await world.scp(anna, [
      ...option,
      ...files.slice(1),
      world.to('public_html/new.cvd'),
    ])
    assert.equal(renamed.status, 0, renamed.err)
    assert.deepEqual(readFileSync(join(anna.folder, 'new.cvd')), two)
  })
}

test('scp -O that is cut leaves nothing under the name', { skip }, async () => {
  await using world = await startWorld()
  const anna = await world.addSigmaker('anna')
  const file = world.file('daily.cvd', randomBytes(6 * MIB))
  const cut = new AbortController()
  const first = world.scp(anna, ['-O', '-l', '20000', file, world.to()], { signal: cut.signal })
  for (let turn = 0; turn < 50 && readdirSync(anna.folder).length === 0; turn += 1) await sleep(50)
  assert.match(readdirSync(anna.folder)[0] ?? '', /^\.daily\.cvd\..*\.part$/)
  cut.abort()
  await first
  for (let turn = 0; turn < 50 && readdirSync(anna.folder).length > 0; turn += 1) await sleep(50)
  assert.deepEqual(readdirSync(anna.folder), [])
})

test('sftp: put, list, rename, remove, walk about, and get back', { skip }, async () => {
  await using world = await startWorld()
  const anna = await world.addSigmaker('anna')
  const bytes = randomBytes(4 * MIB + 17)
  const file = world.file('daily.cvd', bytes)
  const batch = `pwd
ls
cd public_html
pwd
cd ..
pwd
cd ../../public_html/
put ${file}
put -p ${file} second.cvd
ls -l
rename second.cvd third.cvd
get daily.cvd ${file}.back
rm third.cvd
ls
`
  const end = await world.sftp(anna, batch)
  assert.equal(end.status, 0, end.err)
  assert.match(end.out, /working directory: \/\n/)
  assert.match(end.out, /working directory: \/public_html\n/)
  assert.match(end.out, /-rw-r--r-- .* 4194321 .* second\.cvd/)
  assert.match(end.out, /> ls\ndaily\.cvd *\n$/)
  assert.deepEqual(readdirSync(anna.folder), ['daily.cvd'])
  assert.deepEqual(readFileSync(join(anna.folder, 'daily.cvd')), bytes)
  assert.deepEqual(readFileSync(`${file}.back`), bytes)
})

test('sftp reput goes on where an upload broke off', { skip }, async () => {
  await using world = await startWorld()
  const anna = await world.addSigmaker('anna')
  const bytes = randomBytes(3 * MIB)
  const file = world.file('daily.cvd', bytes)
  writeFileSync(join(anna.folder, 'daily.cvd'), bytes)
  truncateSync(join(anna.folder, 'daily.cvd'), MIB + 5)
  const end = await world.sftp(anna, `reput ${file} public_html/daily.cvd\n`)
  assert.equal(end.status, 0, end.err)
  assert.deepEqual(readFileSync(join(anna.folder, 'daily.cvd')), bytes)
})

test('two sigmakers upload at once, each into their own folder, with RSA and ECDSA keys', {
  skip,
}, async () => {
  await using world = await startWorld()
  const anna = await world.addSigmaker('anna', ['rsa', '-b', '2048'])
  const boris = await world.addSigmaker('boris', ['ecdsa', '-b', '384'])
  const bytes = [randomBytes(5 * MIB), randomBytes(5 * MIB)] as const
  const files = [world.file('daily.cvd', bytes[0]), world.file('main.cvd', bytes[1])] as const
  const ends = await Promise.all([
    world.rsync(anna, ['-tcz', files[0], world.to()]),
    world.rsync(boris, ['-tcz', files[1], world.to()]),
    world.scp(anna, [files[0], world.to('public_html/by-scp.cvd')]),
    world.sftp(boris, `put ${files[1]} public_html/by-sftp.cvd\n`),
  ])
  for (const end of ends) assert.equal(end.status, 0, end.err)
  assert.deepEqual(readdirSync(anna.folder).sort(), ['by-scp.cvd', 'daily.cvd'])
  assert.deepEqual(readdirSync(boris.folder).sort(), ['by-sftp.cvd', 'main.cvd'])
  assert.deepEqual(readFileSync(join(anna.folder, 'by-scp.cvd')), bytes[0])
  assert.deepEqual(readFileSync(join(boris.folder, 'main.cvd')), bytes[1])
})
