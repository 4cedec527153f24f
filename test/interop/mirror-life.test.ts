import assert from 'node:assert/strict'
import { copyFile, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadOrMakeKey } from '#adapters/ssh/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { CVDNET, Running } from '../support/cvdnet.ts'
import { realData, run, without, withoutRealData } from '../support/run.ts'

const skip = without('ssh', 'rsync', 'gpg', 'gpgv') || withoutRealData()
const HOST = '127.0.1.1'

/** What the team of a new network has written down: a master without mirrors and sigmakers. */
async function newNetwork(folder: string) {
  const [ssh, rsync] = [await freePort(['127.0.0.1']), await freePort(['127.0.0.1'])]
  const config = join(folder, 'master.toml')
  await writeFile(
    config,
    `zone = "clamav.test"
state = "master"
[registry]
private_addresses = "allowed"
[master]
name = "rsync1"
[master.ssh]
host = "127.0.0.1"
port = ${ssh}
[master.rsync]
host = "127.0.0.1"
port = ${rsync}
[master.push]
retry_base = "200ms"
`,
  )
  return { config, ssh, rsync }
}

function commands(folder: string, config: string) {
  const cvdnet = (...args: readonly string[]) =>
    run(process.execPath, [CVDNET, ...args], { cwd: folder })
  const mirror = (verb: string, ...args: readonly string[]) =>
    cvdnet('mirror', verb, ...args, '--config', config)
  const sigmaker = (verb: string, ...args: readonly string[]) =>
    cvdnet('sigmaker', verb, ...args, '--config', config)
  return { cvdnet, mirror, sigmaker }
}

test('from an application to a listed mirror, all by the command line, without a restart', {
  skip,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-life-'))
  const at = (...parts: string[]) => join(folder.path, ...parts)
  const { config, ssh } = await newNetwork(folder.path)
  const { cvdnet, mirror, sigmaker } = commands(folder.path, config)
  const must = async (ran: ReturnType<typeof run>, status = 0) => {
    const ended = await ran
    assert.equal(ended.status, status, ended.all)
    return ended.all
  }
  await using master = new Running(config)
  await master.says(/rsync1: master, ssh/)

  // A sigmaker joins and releases; nobody mirrors yet.
  const identity = at('id_ed25519')
  const alice = await loadOrMakeKey(identity, 'alice')
  const options = ['-F', 'none', '-i', identity, '-p', String(ssh), '-o', 'BatchMode=yes']
  options.push('-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null')
  const knock = () => run('ssh', ['127.0.0.1', ...options, '-l', 'clamavdb', 'sleep', '1'])
  const release = async (version: number) => {
    await copyFile(realData(`clamav/test-${version}.cvd`), at('test.cvd'))
    const shell = `ssh ${options.join(' ')}`
    await run('rsync', ['-tcz', '-e', shell, at('test.cvd'), 'clamupload@127.0.0.1:public_html/'])
    return knock()
  }
  assert.equal((await knock()).status, 255, 'nobody knows the key yet')
  await must(sigmaker('add', 'alice', '--key', `${alice.publicKey} alice`, '--database', 'test'))
  assert.match(await must(sigmaker('list')), /alice {5}test {9}SHA256:/)
  await until(async () => (await knock()).status !== 255)
  await must(release(1))

  // The applicant, on his machine.
  const [http, sshPort] = [await freePort([HOST]), await freePort([HOST])]
  await must(
    cvdnet(
      ...['mirror', 'apply', 'fra1', '--address', HOST, '--country', 'de', '--bandwidth', '100'],
      ...['--http-port', String(http), '--ssh-port', String(sshPort), '--here', at('fra1')],
      ...['--admin', 'admin@mirror.example', '-o', at('fra1.json')],
    ),
  )

  // The team takes it, and sees that nothing runs there yet.
  await must(mirror('add', '--application', at('fra1.json')))
  assert.match(await must(mirror('add', '--application', at('fra1.json')), 1), /"fra1" has applied/)
  const early = await must(mirror('check', 'fra1'), 1)
  assert.match(early, /- ssh port at 127\.0\.1\.1 port \d+: no, nothing listens there/)
  assert.match(early, /- web port .*: no, nothing listens there; start the web server/)
  assert.match(early, /\? sync .*: not tried, it has no login yet/)
  assert.match(await must(mirror('kit', 'fra1'), 1), /no login yet/)
  await must(mirror('approve', 'fra1'), 1)
  assert.match(
    await must(mirror('approve', 'fra1', '--unseen', 'sets up with the kit')),
    /kit fra1/,
  )
  const made = await must(mirror('kit', 'fra1', '-o', at('kit'), '--json'))
  const { fingerprint } = JSON.parse(made)

  // The operator: joins, runs, and is seen.
  await must(
    cvdnet('mirror', 'join', at('kit'), '--here', at('fra1'), '--fingerprint', fingerprint),
  )
  await writeFile(at('fra1', 'htdocs', 'local_logo.png'), 'a sponsor')
  await using first = new Running(at('fra1', 'etc', 'cvdnet.toml'))
  await first.says(/fra1: mirror, http/)
  const listed = async () => JSON.parse(await must(mirror('show', 'fra1', '--json')))
  assert.equal((await listed()).stage, 'credentials')
  assert.match(await must(mirror('approve', 'fra1'), 1), /check it first/)
  const full = await must(mirror('check', 'fra1'))
  assert.match(full, /fra1: good; it is "tested" now/)
  for (const point of [
    /\+ host key .*as pinned/,
    /\+ sync /,
    /\+ names .*database\.clamav\.test, db\.test\.clamav\.test, fra1\.clamav\.test/,
    /\+ no redirect /,
    /\+ missing files .*404/,
    /\+ range .*206 with 512 bytes/,
    /\+ conditional .*304/,
    /\? speed .*too few to tell/,
    /\+ timestamp .*serial 1/,
    /\+ local files .*local_logo\.png is still there after the sync/,
  ]) {
    assert.match(full, point)
  }
  assert.match(await must(mirror('approve', 'fra1')), /fra1 is listed/)

  // From now on it is pushed to.
  await until(async () => {
    const said = await release(2)
    return said.status === 0 && /1 of 1 mirrors serve it/.test(said.out)
  })
  const served = await fetch(`http://${HOST}:${http}/test.cvd`)
  assert.deepEqual(
    Buffer.from(await served.arrayBuffer()),
    await readFile(realData('clamav/test-2.cvd')),
  )

  // Its later life.
  await must(mirror('pause', 'fra1', '--for', '6h', '--reason', 'new disks'))
  assert.match(await must(mirror('refuse', 'fra1', '--reason', 'x'), 1), /suspended or removed/)
  await must(mirror('resume', 'fra1'))
  assert.match(await must(mirror('resume', 'fra1'), 1), /has no downtime/)
  await must(mirror('suspend', 'fra1', '--reason', 'serves other things'))
  assert.match(await must(mirror('resume', 'fra1')), /is removed until it is healthy again/)
  await must(mirror('remove', 'fra1', '--reason', 'its operator moves on'))
  const end = await listed()
  assert.deepEqual([end.stage, end.login], ['retired', null])
  assert.deepEqual(end.journal.map(({ what }: { what: string }) => what).toReversed(), [
    ...['applied', 'check-failed', 'check-failed', 'approved', 'checked', 'checked', 'approved'],
    ...['paused', 'resumed', 'suspended', 'resumed', 'retired'],
  ])
  assert.doesNotMatch(JSON.stringify(end), /password/i)
  await must(sigmaker('remove', 'alice', '--reason', 'left'))
  await until(async () => (await knock()).status === 255)
})

/** Looks again for some seconds: others follow the store within one. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < 40; look += 1) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  assert.fail('it did not happen')
}
