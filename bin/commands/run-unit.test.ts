import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../../test/support/run.ts'

const CVDNET = join(import.meta.dirname, '../cvdnet.ts')
const USER = userInfo().username

async function unit(folder: string, port: number, user = USER) {
  await mkdir(folder, { recursive: true })
  await writeFile(
    join(folder, 'clam-clientsync.conf'),
    `TO=${folder}/www\nSTATE=${folder}/state/sync\nRSYNC_USER=m1\nRSYNC_PASSWORD=secret\n`,
  )
  const config = join(folder, 'cvdnet.toml')
  await writeFile(
    config,
    `zone = "clamav.example"
state = "state"
[mirror]
name = "m1"
conf = "clam-clientsync.conf"
[mirror.ssh]
port = 2222
[mirror.http]
port = ${port}
access_log = "logs/access.log"
[[mirror.masters]]
name = "rsync1"
key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGqJ7dYpS0zZJ1rVxYl0dWq0m0Z3V5o0yF6X0JxU3p1q"
`,
  )
  return await run(process.execPath, [CVDNET, 'run', '--config', config, '--unit', '--user', user])
}

test('a unit lets its node write where it has to, and listen where it wants', async () => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'cvdnet-unit-'))
  const { path } = dir
  const high = await unit(path, 8080)
  assert.equal(high.status, 0, high.all)
  const writes = [...high.out.matchAll(/^ReadWritePaths="(.*)"$/gm)].map(([, folder]) => folder)
  assert.deepEqual(writes.sort(), [`${path}/logs`, `${path}/state`, `${path}/www`])
  assert.match(high.out, new RegExp(`^User=${USER}$`, 'm'))
  assert.match(high.out, /^CapabilityBoundingSet=$/m)
  assert.match(high.all, /logs" is not there yet/)
  assert.doesNotMatch(high.out, /not there yet|secret/)
  assert.match((await unit(path, 80)).out, /^AmbientCapabilities=CAP_NET_BIND_SERVICE$/m)
})

test('what systemd would read otherwise, and an account that is not there, are refused', async () => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'cvdnet-unit-'))
  const odd = await unit(join(dir.path, '100%'), 8080)
  assert.deepEqual([odd.status, odd.out], [1, ''], odd.all)
  assert.match(odd.all, /100%.* characters that mean something to systemd/)
  const nobody = await unit(dir.path, 8080, 'no-such-account')
  assert.equal(nobody.status, 1)
  assert.match(nobody.all, /there is no account "no-such-account"/)
})
