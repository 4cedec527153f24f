import assert from 'node:assert/strict'
import { copyFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { layout } from '../../dev/demo/layout.ts'
import { CVDNET } from '../support/cvdnet.ts'
import { testNetwork } from '../support/network.ts'
import { eventually, realData, run, without, withoutRealData } from '../support/run.ts'
import { startSshd } from '../support/sshd.ts'

const skip = without('ssh', 'sshd', 'ssh-keygen', 'rsync', 'rrsync') || withoutRealData()
const testCvd = (version: number) => ({
  path: realData(`clamav/test-${version}.cvd`),
  as: 'test.cvd',
})

test('OpenSSH stands before the master: its forced command is the trigger, with its lines and its status', {
  skip,
}, async () => {
  await using network = await testNetwork(1)
  const { state } = layout(network.folder).node('rsync1')
  const config = join(network.folder, 'openssh.toml')
  await writeFile(
    config,
    `zone = "clamav.test"\nstate = "${state}"\n[master]\nname = "rsync1"\n[store]\npath = "${layout(network.folder).store}"\n`,
  )
  const cvdnet = (...args: readonly string[]) => run(process.execPath, [CVDNET, ...args])
  const keys = await cvdnet('sigmaker', 'authorized-keys', '--config', config)
  assert.equal(keys.status, 0, keys.all)
  assert.match(keys.out, /^restrict,command="\S+ \S+ notify sigmaker --config \S+" ssh-ed25519 /m)
  await using sshd = await startSshd({ folder: network.folder, authorizedKeys: keys.out })
  const known = join(network.folder, 'known')
  await writeFile(known, `[${sshd.host}]:${sshd.port} ${sshd.hostKey}\n`)
  const options = ['-F', 'none', '-i', network.json.sigmaker.identity, '-p', String(sshd.port)]
  const quiet = ['-o', `UserKnownHostsFile=${known}`, '-o', 'BatchMode=yes', '-l', sshd.user]
  const trigger = (...typed: readonly string[]) =>
    run('ssh', [...options, ...quiet, sshd.host, ...typed])

  const socket = join(state, 'master', 'notify.sock')
  assert.equal((await stat(socket)).mode & 0o777, 0o600)
  await network.upload([testCvd(1)])
  const published = await trigger('sleep', '1')
  assert.equal(published.status, 0, published.all)
  assert.match(published.out, /release by sigmaker[\s\S]*test 1 is published[\s\S]*1 of 1 mirrors/)

  // R94: nothing that is typed matters. This upload came by OpenSSH, too.
  const uploads = join(state, 'master', 'uploads', 'sigmaker')
  const [, key = ''] = /(ssh-ed25519 \S+)/.exec(keys.out) ?? []
  const authorizedKeys = `restrict,command="rrsync -wo ${uploads}" ${key}\n`
  await using other = await startSshd({ folder: network.folder, authorizedKeys })
  const asked = join(network.folder, 'test.cvd')
  await copyFile(testCvd(2).path, asked)
  const shell = `ssh -F none -i ${network.json.sigmaker.identity} -p ${other.port} -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null`
  const to = (path: string) => `${other.user}@${other.host}:${path}`
  const sent = await run('rsync', ['-tcz', '-e', shell, asked, to('public_html/')])
  assert.equal(sent.status, 0, sent.all)
  const read = await run('rsync', ['-e', shell, to('public_html/test.cvd'), network.folder])
  assert.notEqual(read.status, 0, 'what is uploaded is not read by that way')
  const typed = await trigger('id; cat /etc/passwd')
  assert.match(typed.out, /test 2 is published/)
  assert.doesNotMatch(typed.all, /uid=|root:/)

  await network.upload([testCvd(1)])
  const refused = await trigger()
  assert.equal(refused.status, 1, refused.all)

  // The list of keys is older than the registry.
  const { sigmakers } = network.store.registry
  const theirs = await sigmakers.get('sigmaker')
  assert.ok(theirs !== undefined)
  await sigmakers.remove('sigmaker', theirs.revision)
  await eventually(async () => {
    const gone = await trigger()
    assert.equal(gone.status, 1, gone.all)
    assert.match(gone.err, /^refused: this key may not release here any more$/m)
  })

  await network.master[Symbol.asyncDispose]()
  const away = await trigger()
  assert.equal(away.status, 3, away.all)
  assert.match(away.err, /Cannot reach the master at ".*notify\.sock"/)
})

test('without a master in its settings it is wrong use', async () => {
  await using network = await testNetwork(0)
  const config = join(network.folder, 'none.toml')
  await writeFile(config, 'zone = "clamav.test"\n[monitor]\nname = "watch"\n')
  const ended = await run(process.execPath, [CVDNET, 'notify', 'alice', '--config', config])
  assert.equal(ended.status, 2, ended.all)
  assert.match(ended.err, /has no \[master\]/)
})
