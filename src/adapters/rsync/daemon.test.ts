import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtempDisposable, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { RsyncDaemon, type RsyncDaemonEvent } from './index.ts'

const run = promisify(execFile)

async function start(folder: string, onEvent?: (event: RsyncDaemonEvent) => void) {
  await mkdir(join(folder, 'tree'), { recursive: true })
  await writeFile(join(folder, 'tree', 'daily.cvd'), 'content')
  return RsyncDaemon.start({
    host: '127.0.0.1',
    port: 0,
    module: 'clamavdb',
    path: join(folder, 'tree'),
    logins: [{ user: 'mirror1', password: 'secret1' }],
    folder,
    ...(onEvent === undefined ? {} : { onEvent }),
  })
}

async function pull(daemon: RsyncDaemon, user: string, password: string, into: string) {
  const url = `rsync://${user}@127.0.0.1:${daemon.port}/clamavdb/`
  return run('rsync', ['-rt', url, `${into}/`], {
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', RSYNC_PASSWORD: password },
  })
}

test('only a mirror with its own password reads the module, and nobody writes it', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-rsyncd-'))
  await using daemon = await start(folder.path)
  const into = join(folder.path, 'into')
  await pull(daemon, 'mirror1', 'secret1', into)
  assert.equal(await readFile(join(into, 'daily.cvd'), 'utf8'), 'content')
  await assert.rejects(pull(daemon, 'mirror1', 'wrong', into), /auth failed/)
  await assert.rejects(pull(daemon, 'stranger', 'secret1', into), /auth failed/)
  const url = `rsync://mirror1@127.0.0.1:${daemon.port}/clamavdb/`
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', RSYNC_PASSWORD: 'secret1' }
  await assert.rejects(run('rsync', ['-t', join(into, 'daily.cvd'), url], { env }), /read only/)
  assert.equal((await stat(join(folder.path, 'rsyncd.secrets'))).mode & 0o777, 0o600)
})

test('a daemon that dies is started again, and one that is disposed is not', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-rsyncd-'))
  const events: string[] = []
  const restarted = Promise.withResolvers<void>()
  const daemon = await start(folder.path, (event) => {
    events.push(event.kind)
    if (events.join() === 'started,died,started') restarted.resolve()
  })
  const { pid } = daemon
  assert.ok(pid !== undefined)
  process.kill(pid, 'SIGKILL')
  await restarted.promise
  await pull(daemon, 'mirror1', 'secret1', join(folder.path, 'into'))
  await daemon[Symbol.asyncDispose]()
  await assert.rejects(pull(daemon, 'mirror1', 'secret1', join(folder.path, 'into')))
})

// A master that is killed leaves its rsync daemon behind, which would go on serving an old release on our port.
test('a daemon dies with the process that started it, and an orphan is ended before the next start', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-rsyncd-'))
  const orphanConf = join(folder.path, 'rsyncd.conf')
  await writeFile(orphanConf, `port = 0\naddress = 127.0.0.1\nlock file = ${folder.path}/lock\n`)
  const orphan = spawn('rsync', ['--daemon', '--no-detach', `--config=${orphanConf}`])
  await once(orphan, 'spawn')
  const gone = once(orphan, 'exit')
  const daemon = await start(folder.path)
  await gone
  const { pid } = daemon
  assert.ok(pid !== undefined)
  assert.match(await readFile(`/proc/${pid}/status`, 'utf8'), /Name:\trsync/)
  await daemon[Symbol.asyncDispose]()

  const script = join(import.meta.dirname, '..', '..', '..', 'test', 'support', 'daemon-owner.ts')
  const owner = spawn(process.execPath, [script, folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = await once(owner.stdout, 'data')
  const child = Number(String(said))
  owner.kill('SIGKILL')
  for (let look = 0; look < 100 && (await isAlive(child)); look += 1) await wait(20)
  assert.ok(!(await isAlive(child)))
})

/** A process that has ended counts as dead even where nobody collects it. */
async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return status !== '' && !/^State:\tZ/m.test(status)
}
