import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtempDisposable, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { RsyncDaemon, type RsyncDaemonEvent } from './index.ts'

const run = promisify(execFile)

async function start(folder: string, onEvent?: (event: RsyncDaemonEvent) => void) {
  await mkdir(join(folder, 'tree'))
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
