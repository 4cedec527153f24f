import assert from 'node:assert/strict'
import { access, copyFile, mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadOrMakeKey } from '#adapters/ssh/index.ts'
import { makeNetworkKeys } from '#adapters/tuf/index.ts'
import { epochMs } from '#base/time.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { Running } from '../support/cvdnet.ts'
import { startPostgres, withoutPostgres } from '../support/postgres.ts'
import { eventually, realData, run, without, withoutRealData } from '../support/run.ts'

const skip = without('ssh', 'rsync') || withoutRealData()

interface Place {
  readonly master: string
  readonly mirror: string
  readonly ports: Readonly<Record<'ssh' | 'rsync' | 'mirrorSsh' | 'http', number>>
  readonly identity: string
}

/** What an operator and a master's team have written down: two settings files, one conf, keys. */
async function writeSettings(folder: string, store = ''): Promise<Place> {
  const port = () => freePort(['127.0.0.1', '127.0.1.1'])
  const ports = {
    ssh: await port(),
    rsync: await port(),
    mirrorSsh: await port(),
    http: await port(),
  }
  const at = (...parts: string[]) => join(folder, ...parts)
  for (const name of ['one/master', 'two/mirror', 'htdocs', 'etc']) {
    await mkdir(at(name), { recursive: true })
  }
  await makeNetworkKeys(at('one', 'network'), epochMs(Date.now()))
  await copyFile(at('one', 'network', 'root.json'), at('etc', 'root.json'))
  const trigger = await loadOrMakeKey(at('one', 'master', 'trigger_ed25519_key'), 'rsync1')
  const mirrorHost = await loadOrMakeKey(at('two', 'mirror', 'ssh_host_ed25519_key'), 'mirror1')
  const identity = at('id_ed25519')
  const sigmaker = await loadOrMakeKey(identity, 'alice')
  await writeFile(at('password'), 'wonderland\n')
  const master = at('master.toml')
  await writeFile(
    master,
    `zone = "clamav.test"
state = "one"
[master]
name = "rsync1"
network_keys = "one/network"
[master.ssh]
host = "127.0.0.1"
port = ${ports.ssh}
[master.rsync]
host = "127.0.0.1"
port = ${ports.rsync}
${store}
[[master.sigmakers]]
name = "alice"
key = "${sigmaker.publicKey}"
databases = ["test"]
[[master.mirrors]]
name = "mirror1"
host = "127.0.1.1"
http_port = ${ports.http}
ssh_port = ${ports.mirrorSsh}
host_key = "${mirrorHost.publicKey}"
country = "DE"
region = "europe"
user = "mirror1"
password_file = "password"
`,
  )
  const conf = at('etc', 'clam-clientsync.conf')
  await writeFile(
    conf,
    `TO=${at('htdocs')}
RSYNC_USER=mirror1
RSYNC_PASSWORD=wonderland
EXCLUDE="--exclude local_*"
MASTERS="rsync1=127.0.0.1:${ports.rsync}"
TUF_ROOT=${at('etc', 'root.json')}
STATE=${at('two', 'sync')}
`,
    { mode: 0o600 },
  )
  const mirror = at('mirror.toml')
  await writeFile(
    mirror,
    `zone = "clamav.test"
state = "two"
[mirror]
name = "mirror1"
conf = "${conf}"
[mirror.ssh]
host = "127.0.1.1"
port = ${ports.mirrorSsh}
[mirror.http]
host = "127.0.1.1"
port = ${ports.http}
[[mirror.masters]]
name = "rsync1"
key = "${trigger.publicKey}"
`,
  )
  return { master, mirror, ports, identity }
}

/** Uploads and triggers as a sigmaker does. */
function releaseBy(identity: string, port: number, folder: string) {
  const ssh = ['-F', 'none', '-i', identity, '-p', String(port), '-o', 'BatchMode=yes']
  ssh.push('-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null')
  return async (version: number) => {
    const file = join(folder, 'test.cvd')
    await copyFile(realData(`clamav/test-${version}.cvd`), file)
    const shell = `ssh ${ssh.join(' ')}`
    await run('rsync', ['-tcz', '-e', shell, file, 'clamupload@127.0.0.1:public_html/'])
    return run('ssh', ['127.0.0.1', ...ssh, '-l', 'clamavdb', 'sleep', '1'])
  }
}

test('a master and a mirror run from settings files, and go on after a kill', {
  skip,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-run-'))
  const { master, mirror, ports, identity } = await writeSettings(folder.path)
  const release = releaseBy(identity, ports.ssh, folder.path)
  const served = async () => {
    const answer = await fetch(`http://127.0.1.1:${ports.http}/test.cvd`)
    return Buffer.from(await answer.arrayBuffer())
  }
  await using first = new Running(mirror)
  await using rsync1 = new Running(master)
  await first.says(/mirror1: mirror, http/)
  await rsync1.says(/rsync1: master, ssh/)
  const one = await release(1)
  assert.equal(one.status, 0, one.all)
  assert.match(one.out, /1 of 1 mirrors serve it/)
  assert.deepEqual(await served(), await readFile(realData('clamav/test-1.cvd')))

  // Promise 5: what a mirror missed while it was away is made up, here by the master's own retries.
  await first.end('SIGKILL')
  const two = await release(2)
  assert.equal(two.status, 0, two.all)
  assert.match(two.err, /not yet on mirror1/)
  await using second = new Running(mirror)
  await second.says(/mirror1: mirror, http/)
  assert.deepEqual(await served(), await readFile(realData('clamav/test-1.cvd')))
  await rsync1.end('SIGKILL')
  await using again = new Running(master)
  await again.says(/rsync1: master, ssh/)
  for (let look = 0; look < 200 && (await served()).byteLength !== 8387; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.deepEqual(await served(), await readFile(realData('clamav/test-2.cvd')))
  assert.equal(await again.end('SIGTERM'), 0, again.said)
  assert.equal(await second.end('SIGTERM'), 0, second.said)
})

test('a master that is told to follow other settings finishes a release first, and goes on', {
  skip,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-run-'))
  const { master, mirror, ports, identity } = await writeSettings(folder.path)
  const release = releaseBy(identity, ports.ssh, folder.path)
  await using first = new Running(mirror)
  await using rsync1 = new Running(master)
  await first.says(/mirror1: mirror, http/)
  await rsync1.says(/rsync1: master, ssh/)
  const text = await readFile(master, 'utf8')
  await writeFile(master, text.replace('[master.ssh]', 'releases_kept = 9\n[master.ssh]'))
  const releasing = release(1)
  // It is made for the first release, and stays when that is over.
  await eventually(() => access(join(folder.path, 'one/master/intake')))
  rsync1.child.kill('SIGHUP')
  const one = await releasing
  assert.equal(one.status, 0, one.all)
  assert.match(one.out, /test 1 is published as release 1/)
  await rsync1.says(/reloaded: master \(stopped and started anew\)/)
  assert.equal(rsync1.said.match(/rsync1: master, ssh/g)?.length, 2, rsync1.said)
  const two = await release(2)
  assert.equal(two.status, 0, two.all)
  assert.match(two.out, /1 of 1 mirrors serve it/)
  assert.equal(await rsync1.end('SIGTERM'), 0, rsync1.said)
})

// Decision 9, over a restart.
test('a master whose PostgreSQL is away starts, serves and lets in; publishing waits for it', {
  skip: skip || (await withoutPostgres()),
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-run-'))
  await using postgres = await startPostgres()
  const env = { STORE_URL: await postgres.database() }
  const store = '[store]\nkind = "postgres"\nurl_env = "STORE_URL"'
  const { master, mirror, ports, identity } = await writeSettings(folder.path, store)
  const release = releaseBy(identity, ports.ssh, folder.path)
  await using one = new Running(mirror)
  await using first = new Running(master, env)
  await one.says(/mirror1: mirror, http/)
  await first.says(/rsync1: master, ssh/)
  const published = await release(1)
  assert.match(published.out, /1 of 1 mirrors serve it/, published.all)
  assert.equal(await first.end('SIGTERM'), 0, first.said)

  await postgres.stop()
  await using second = new Running(master, env)
  await second.says(/going on with what was known last/)
  await second.says(/rsync1: master, ssh/)
  const releasing = release(2)
  await eventually(async () => {
    const pull = await run('rsync', [`rsync://mirror1@127.0.0.1:${ports.rsync}/clamavdb/`], {
      env: { RSYNC_PASSWORD: 'wonderland' },
    })
    assert.match(pull.out, /test\.cvd/)
  })
  await postgres.start()
  const late = await releasing
  assert.equal(late.status, 0, late.all)
  assert.match(late.out, /test 2 is published as release 2[\s\S]*1 of 1 mirrors serve it/)
  assert.equal(await second.end('SIGTERM'), 0, second.said)
})
