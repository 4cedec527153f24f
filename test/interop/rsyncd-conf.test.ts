import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempDisposableSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isListening } from '#adapters/system/index.ts'
import { printRsyncdConf, printSecrets } from '#formats/rsyncd-conf/index.ts'

const skip =
  spawnSync('rsync', ['--version']).error === undefined ? false : 'rsync is not installed'
const PASSWORD = ' it\'s "a:b" #;% \\ é '

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function daemon(folder: string, port: number): Promise<ChildProcess> {
  const conf = printRsyncdConf({
    address: '127.0.0.1',
    port,
    lockFile: join(folder, 'lock'),
    logFile: join(folder, 'log'),
    transferLogging: true,
    connectionsMax: 4,
    idleSecondsMax: 20,
    ...(process.getuid?.() === 0 ? { uid: 'root', gid: 'root' } : {}),
    module: {
      name: 'clamavdb',
      path: join(folder, "it's  the [current] = one"),
      users: ['m1', 'm2'],
      secretsFile: join(folder, 'secrets'),
    },
  })
  const secrets = printSecrets([
    { user: 'm1', password: PASSWORD },
    { user: 'm2', password: 'x' },
  ])
  assert.ok(conf.ok && secrets.ok)
  writeFileSync(join(folder, 'rsyncd.conf'), conf.value)
  writeFileSync(join(folder, 'secrets'), secrets.value, { mode: 0o600 })
  const child = spawn(
    'rsync',
    ['--daemon', '--no-detach', `--config=${join(folder, 'rsyncd.conf')}`],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  for (let tries = 0; tries < 100 && !(await isListening('127.0.0.1', port)); tries++)
    await sleep(50)
  return child
}

test('the real rsync serves what we print, to the named logins only', { skip }, async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'rsyncd-conf-'))
  mkdirSync(join(folder.path, 'tree'))
  writeFileSync(join(folder.path, 'tree', 'daily.cvd'), 'database')
  symlinkSync('tree', join(folder.path, "it's  the [current] = one"))
  const port = await freePort()
  using child = await daemon(folder.path, port)
  const pull = (user: string, password: string, what: string, into: string): number | null =>
    spawnSync(
      'rsync',
      ['--archive', '--', `rsync://${user}@127.0.0.1:${port}/${what}`, join(folder.path, into)],
      { env: { PATH: process.env['PATH'], RSYNC_PASSWORD: password }, encoding: 'utf8' },
    ).status

  assert.equal(pull('m1', PASSWORD, 'clamavdb/', 'one/'), 0)
  assert.equal(readFileSync(join(folder.path, 'one', 'daily.cvd'), 'utf8'), 'database')
  assert.equal(pull('m2', 'x', 'clamavdb/', 'two/'), 0)
  assert.equal(pull('m1', PASSWORD.trim(), 'clamavdb/', 'three/'), 5)
  assert.equal(pull('m3', 'x', 'clamavdb/', 'three/'), 5)
  assert.ok(!existsSync(join(folder.path, 'three')))
  const list = spawnSync('rsync', [`rsync://127.0.0.1:${port}/`], { encoding: 'utf8' })
  assert.equal(list.stdout, '')
  const write = spawnSync(
    'rsync',
    [join(folder.path, 'log'), `rsync://m2@127.0.0.1:${port}/clamavdb/`],
    { env: { PATH: process.env['PATH'], RSYNC_PASSWORD: 'x' }, encoding: 'utf8' },
  )
  assert.match(write.stderr, /read only/)
  child.kill()
  await once(child, 'exit')
})
