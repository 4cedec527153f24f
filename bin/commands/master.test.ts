import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { MasterRecord } from '#core/mirrors/index.ts'
import { CVDNET } from '../../test/support/cvdnet.ts'
import { run } from '../../test/support/run.ts'
import { readSettings } from './run/settings.ts'
import { openNetworkStore } from './run/store.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V'

function aMaster(name: string): MasterRecord {
  return {
    name,
    host: '127.0.0.1',
    sshPort: 2222,
    rsyncPort: 8873,
    module: 'clamavdb',
    hostKey: KEY,
    triggerKey: KEY,
    rsyncLogin: { user: name, password: 'wonderland' },
    isOut: false,
  }
}

test('a master is said to be out and in again, with who said why; its password is told to nobody', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-masters-'))
  const config = join(folder.path, 'cvdnet.toml')
  await writeFile(config, 'zone = "clamav.test"\nstate = "."\n[master]\n')
  const master = (...args: readonly string[]) =>
    run(process.execPath, [CVDNET, 'master', ...args], { cwd: folder.path })
  assert.match((await master('list')).out, /No master has enrolled yet/)
  await using store = await openNetworkStore(await readSettings(config))
  for (const name of ['rsync1', 'rsync2']) {
    await store.registry.masters.put(name, aMaster(name), undefined)
  }
  const out = await master('out', 'rsync2', '--reason', 'new disks')
  assert.deepEqual([out.status, out.out.trim()], [0, OUT], out.all)
  assert.equal((await store.registry.masters.get('rsync2'))?.value.isOut, true)
  assert.match((await master('list')).out, /\nrsync1 +in .*\nrsync2 +out .*SHA256:/)
  const again = await master('out', 'rsync2', '--reason', 'new disks')
  assert.deepEqual([again.status, again.err.trim()], [1, 'cvdnet: master "rsync2" is out already'])
  const back = await master('in', 'rsync2', '--reason', 'disks are in', '--json')
  assert.deepEqual([back.status, JSON.parse(back.out).isOut], [0, false], back.all)
  const listed = await master('list', '--json')
  assert.deepEqual(
    JSON.parse(listed.out).map((one: MasterRecord) => [one.name, one.isOut]),
    [
      ['rsync1', false],
      ['rsync2', false],
    ],
  )
  assert.doesNotMatch(back.all + listed.all, /wonderland/)
  const entries = await store.journal.read({ limit: 10, subject: 'rsync2' })
  assert.deepEqual(
    entries.map(({ what, why }) => [what, ...why]),
    [
      ['master-in', 'disks are in'],
      ['master-out', 'new disks'],
    ],
  )
})

const OUT = 'rsync2 is out: the others update by themselves without it'

test('1 for a master that there is not, with those that there are; 2 without a reason', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-masters-'))
  await writeFile(join(folder.path, 'cvdnet.toml'), 'zone = "clamav.test"\nstate = "."\n[master]\n')
  const master = (...args: readonly string[]) =>
    run(process.execPath, [CVDNET, 'master', ...args], { cwd: folder.path })
  const unknown = await master('out', 'rsync9', '--reason', 'x')
  assert.equal(unknown.status, 1)
  assert.match(unknown.err, /there is no master "rsync9"; none has enrolled yet/)
  assert.equal((await master('out', 'rsync1')).status, 2)
  assert.equal((await master('list', '--config', 'gone.toml')).status, 3)
})
