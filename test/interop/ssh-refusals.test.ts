import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type End, LIMITS, missingPrograms, type Sigmaker, SshWorld } from './ssh-world.ts'

const skip = await missingPrograms('ssh', 'ssh-keygen', 'rsync', 'scp', 'sftp', 'prlimit')
const MIB = 1024 * 1024

const world = new SshWorld()
let anna: Sigmaker
let daily = ''

before(async () => {
  if (skip !== false) return
  await world.start()
  anna = await world.addSigmaker('anna')
  daily = world.file('daily.cvd', randomBytes(1000))
  writeFileSync(join(world.dir, 'secret'), 'not for sigmakers')
  writeFileSync(join(anna.folder, 'old.cvd'), 'old')
})

after(async () => {
  await world[Symbol.asyncDispose]()
})

function refused(end: End, reason: RegExp): void {
  assert.notEqual(end.status, 0)
  assert.match(end.err, reason)
  assert.doesNotMatch(end.out + end.err, /not for sigmakers|root:/)
  assert.deepEqual(readdirSync(anna.folder), ['old.cvd'])
}

const COMMANDS: Readonly<Record<string, RegExp>> = {
  ls: /"ls" is not run here.*rsync, scp and sftp into public_html/,
  'cat /etc/passwd': /"cat" is not run here/,
  'sh -i': /"sh" is not run here/,
  '': /is not run here/,
  'rsync --server --sender -te.LsfxCIvu . public_html/old.cvd': /not sent from here/,
  'rsync --server -te.LsfxCIvu . public_html/../../secret': /not open to you/,
  'rsync --server -te.LsfxCIvu . /etc/': /not open to you/,
  'rsync --server -te.LsfxCIvu . public_html/;id': /";"/,
  'scp -f public_html/old.cvd': /not sent from here/,
  'scp -t ..': /not open to you/,
}

for (const [command, reason] of Object.entries(COMMANDS)) {
  test(`the upload account does not run "${command}"`, { skip }, async () => {
    const end = await world.ssh(anna, ['-T', '-l', 'clamupload', ...(command ? [command] : [])])
    assert.equal(end.status, 1)
    refused(end, reason)
  })
}

const RSYNC: Readonly<Record<string, RegExp>> = {
  '-a': /-a is too much; use -tcz/,
  '-rt': /Folders are not taken/,
  '-tl': /"-l" is not taken/,
  '-t --delay-updates': /"--delay-updates" is not taken/,
  '-t --partial-dir=.p': /"--partial-dir" is not taken/,
  '-t --temp-dir=/tmp': /"--temp-dir" is not taken/,
  '-t --backup': /"-b" is not taken/,
  '-t --link-dest=/etc': /"--link-dest" is not taken/,
  '-t -M--log-file=/tmp/x': /"--log-file=\/tmp\/x" is not taken/,
  '-ts': /--no-s/,
  '-t --rsync-path=/bin/sh': /"\/bin\/sh" is not run here/,
}

for (const [options, reason] of Object.entries(RSYNC)) {
  test(`rsync ${options} is refused with its reason`, { skip }, async () => {
    refused(await world.rsync(anna, [...options.split(' '), daily, world.to()]), reason)
  })
}

test('rsync --files-from is refused with its reason', { skip }, async () => {
  const list = world.file('list', 'daily.cvd\n')
  const end = await world.rsync(anna, ['-t', `--files-from=${list}`, world.dir, world.to()])
  refused(end, /--relative and --files-from/)
})

for (const path of [
  '',
  'public_html/../',
  '/etc/',
  'elsewhere/',
  'public_html/.hidden',
  '~root/',
]) {
  test(`rsync to "${path}" is refused`, { skip }, async () => {
    refused(
      await world.rsync(anna, ['-t', daily, world.to(path)]),
      /public_html\/|not a plain file name|not open to you/,
    )
  })
}

test('rsync of a link sends nothing, of a folder nothing, of an odd name nothing that stays', {
  skip,
}, async () => {
  symlinkSync('/etc/passwd', join(world.dir, 'link.cvd'))
  const link = await world.rsync(anna, ['-t', join(world.dir, 'link.cvd'), world.to()])
  assert.match(link.out + link.err, /skipping non-regular file/)
  const folder = await world.rsync(anna, ['-t', world.dir, world.to()])
  assert.match(folder.out + folder.err, /skipping directory/)
  assert.deepEqual(readdirSync(anna.folder), ['old.cvd'])
})

test('a new name for two files would be a folder, and is not kept', { skip }, async () => {
  const two = world.file('two.cvd', 'two')
  const end = await world.rsync(anna, ['-t', daily, two, world.to('public_html/new')])
  refused(end, /Only plain files are kept in public_html\/: "new" is removed/)
})

test('reading by rsync and scp is refused', { skip }, async () => {
  const into = join(world.dir, 'read-back')
  refused(await world.rsync(anna, ['-t', world.to('public_html/old.cvd'), into]), /not sent/)
  refused(await world.scp(anna, ['-O', world.to('public_html/old.cvd'), into]), /not sent/)
})

test('scp refuses folders, other places and odd names in both protocols', { skip }, async () => {
  const odd = world.file('odd name.cvd', 'x')
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['-O', '-r', world.dir, world.to()], /Folders are not taken/],
    [['-O', daily, world.to('')], /not open to you/],
    [['-O', daily, world.to('/etc/')], /not open to you/],
    [['-O', odd, world.to()], /not a plain file name/],
    [['-r', anna.folder, world.to('public_html/sub')], /Files go flat into public_html/],
    [[daily, world.to('/etc/')], /not open to you/],
    [[daily, world.to('../secret')], /not open to you/],
    [[odd, world.to()], /not a plain file name/],
  ]
  for (const [args, reason] of cases) refused(await world.scp(anna, args), reason)
})

test('sftp refuses everything but plain files in public_html', { skip }, async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['get /etc/passwd /dev/null', /not open to you|No such file|Permission denied/],
    ['get ../secret', /not open to you|Permission denied/],
    ['cd /etc', /not open to you/],
    ['ls /etc', /not open to you/],
    ['mkdir public_html/sub', /Files go flat/],
    ['rmdir public_html', /Files go flat/],
    ['ln -s /etc/passwd public_html/link.cvd', /Links are not taken/],
    ['ln public_html/old.cvd public_html/hard.cvd', /does not support hardlink/],
    [`put ${daily} daily.cvd`, /not open to you/],
    [`put ${daily} public_html/.hidden`, /not a plain file name/],
    ['rename public_html/old.cvd ../secret', /not open to you/],
    ['rename public_html/old.cvd public_html/.old', /not a plain file name/],
    ['rm public_html/none.cvd', /No such file/],
  ]
  for (const [line, reason] of cases) {
    const end = await world.sftp(anna, `${line}\n`)
    assert.equal(end.status, 1, line)
    refused(end, reason)
  }
})

test('a link that got into the folder is never followed, and goes', { skip }, async () => {
  const secret = join(world.dir, 'secret')
  for (const way of ['rsync', 'scp', 'sftp']) {
    symlinkSync(secret, join(anna.folder, 'daily.cvd'))
    if (way === 'rsync') await world.rsync(anna, ['-t', '--inplace', daily, world.to()])
    if (way === 'scp') await world.scp(anna, ['-O', daily, world.to()])
    if (way === 'sftp') await world.sftp(anna, `put ${daily} public_html/daily.cvd\n`)
    assert.equal(readFileSync(secret, 'utf8'), 'not for sigmakers')
    assert.ok(statSync(join(anna.folder, 'daily.cvd')).isFile())
    assert.equal((await world.sftp(anna, 'rm public_html/daily.cvd\n')).status, 0)
  }
})

test('an unknown key, another account, a password and a second key get no further', {
  skip,
}, async () => {
  const stranger = await world.addKey('stranger')
  world.events.length = 0
  refused(await world.ssh(stranger, ['-l', 'clamupload', 'ls']), /Permission denied \(publickey\)/)
  refused(await world.ssh(stranger, ['-l', 'clamavdb', 'ls']), /Permission denied \(publickey\)/)
  refused(await world.ssh(anna, ['-l', 'root', 'ls']), /Permission denied \(publickey\)/)
  const password = ['-o', 'PreferredAuthentications=password,keyboard-interactive,hostbased']
  refused(await world.ssh(anna, [...password, '-l', 'clamupload', 'ls']), /\(publickey\)/)
  const said = world.events.map((event) =>
    event.kind === 'login-refused' ? `${event.user} ${event.method}` : event.kind,
  )
  assert.deepEqual(said, ['clamupload publickey', 'clamavdb publickey', 'root publickey'])
})

test('nothing is forwarded: ports, sockets, agents, X11', { skip }, async () => {
  const listening = await world.ssh(anna, [
    ...['-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:1'],
    ...['-l', 'clamavdb', 'x'],
  ])
  assert.equal(listening.status, 255)
  assert.match(listening.err, /forwarding failed/)
  const direct = await world.ssh(anna, ['-W', `127.0.0.1:${world.door.port}`, '-l', 'clamavdb'])
  assert.equal(direct.status, 255)
  assert.match(direct.err, /stdio forwarding failed/)
  let environment = 'not run'
  world.command = async () => {
    environment = Object.keys(process.env)
      .filter((name) => /SSH_|DISPLAY|EVIL/.test(name))
      .join()
    return 0
  }
  const agent = ['-A', '-X', '-o', 'SetEnv=EVIL=1', '-l', 'clamavdb', 'x']
  assert.equal((await world.ssh(anna, agent, { env: { DISPLAY: ':0' } })).status, 0)
  assert.equal(environment, '')
})

test('a file over the limit is refused by every way, with the limit named', { skip }, async () => {
  const reason = /at most 8 MiB are taken/
  const zeros = world.file('zeros.cvd', new Uint8Array(LIMITS.fileBytesMax + 1))
  for (const options of [['-tz'], ['-t', '--inplace'], ['-tz', '--partial'], ['-tS']]) {
    const end = await world.rsync(anna, [...options, zeros, world.to()])
    assert.notEqual(end.status, 0, options.join(' '))
    assert.match(end.err, reason)
    assert.match(end.err, /write failed on "public_html\/zeros\.cvd"/)
    const left = readdirSync(anna.folder).filter((name) => name !== 'old.cvd')
    for (const name of left) {
      assert.ok(statSync(join(anna.folder, name)).size <= LIMITS.fileBytesMax)
      assert.equal((await world.sftp(anna, `rm public_html/${name}\n`)).status, 0)
    }
  }
  refused(await world.scp(anna, ['-O', zeros, world.to()]), reason)
  for (const send of [
    () => world.scp(anna, [zeros, world.to()]),
    () => world.sftp(anna, `put ${zeros} public_html/\n`),
  ]) {
    const end = await send()
    assert.notEqual(end.status, 0)
    assert.match(end.err, reason)
    assert.ok(statSync(join(anna.folder, 'zeros.cvd')).size <= LIMITS.fileBytesMax)
    await world.sftp(anna, 'rm public_html/zeros.cvd\n')
  }
  const most = world.file('most.cvd', new Uint8Array(LIMITS.fileBytesMax))
  assert.equal((await world.rsync(anna, ['-tz', most, world.to()])).status, 0)
  assert.equal((await world.sftp(anna, 'rm public_html/most.cvd\n')).status, 0)
})

test('a full folder is refused by every way, and can be cleared by sftp', { skip }, async () => {
  const reason = /folder is full: at most 20 MiB together/
  for (const name of ['a.cvd', 'b.cvd']) {
    writeFileSync(join(anna.folder, name), new Uint8Array(7 * MIB))
  }
  const more = world.file('more.cvd', randomBytes(7 * MIB))
  const rsync = await world.rsync(anna, ['-t', more, world.to()])
  assert.notEqual(rsync.status, 0)
  assert.match(rsync.err, reason)
  assert.ok(!readdirSync(anna.folder).includes('more.cvd'))
  assert.match((await world.scp(anna, ['-O', more, world.to()])).err, reason)
  assert.match((await world.scp(anna, [more, world.to()])).err, reason)
  writeFileSync(join(anna.folder, 'c.cvd'), new Uint8Array(7 * MIB))
  assert.match((await world.rsync(anna, ['-t', daily, world.to()])).err, reason)
  const clear = ['a', 'b', 'c', 'more'].map((name) => `-rm public_html/${name}.cvd\n`).join('')
  assert.equal((await world.sftp(anna, clear)).status, 0)
  assert.deepEqual(readdirSync(anna.folder), ['old.cvd'])
})

test('too many files are refused by every way', { skip }, async () => {
  const reason = /too many files: at most 12/
  for (let count = 1; count < LIMITS.filesMax; count += 1) {
    writeFileSync(join(anna.folder, `f${count}.cvd`), '')
  }
  for (const end of [
    await world.scp(anna, ['-O', daily, world.to()]),
    await world.scp(anna, [daily, world.to()]),
  ]) {
    assert.notEqual(end.status, 0)
    assert.match(end.err, reason)
    assert.equal(readdirSync(anna.folder).length, LIMITS.filesMax)
  }
  assert.equal((await world.rsync(anna, ['-t', daily, world.to('public_html/f1.cvd')])).status, 0)
  const end = await world.rsync(anna, ['-t', daily, world.to()])
  assert.notEqual(end.status, 0)
  assert.match(end.err, reason)
})
