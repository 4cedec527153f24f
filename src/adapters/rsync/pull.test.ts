import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { TransferError, type TransferErrorCode } from '#ports/transfer.ts'
import { explainExit } from './exit.ts'
import { RsyncDaemon, RsyncTransfer } from './index.ts'

const signal = AbortSignal.timeout(60_000)

async function world() {
  await using stack = new AsyncDisposableStack()
  const dir = stack.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-pull-')))
  const [tree, into] = [join(dir.path, 'tree'), join(dir.path, 'incoming')]
  await mkdir(join(tree, 'database'), { recursive: true })
  await mkdir(join(dir.path, 'rsyncd'))
  await mkdir(into)
  await writeFile(join(tree, 'daily.cvd'), 'version one')
  await writeFile(join(tree, 'database/viruses.db'), 'x=00')
  const daemon = stack.use(
    await RsyncDaemon.start({
      host: '127.0.0.1',
      port: 0,
      module: 'clamavdb',
      path: tree,
      logins: [{ user: 'mirror1', password: 'pass word' }],
      folder: join(dir.path, 'rsyncd'),
    }),
  )
  const { port } = daemon
  const from = {
    host: '127.0.0.1',
    port,
    module: 'clamavdb',
    user: 'mirror1',
    password: 'pass word',
  }
  const lines: string[] = []
  const options = { exclude: [], onLine: (line: string) => lines.push(line), signal }
  const owned = stack.move()
  return {
    dir: dir.path,
    tree,
    into,
    from,
    lines,
    options,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function fails(code: TransferErrorCode, words: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof TransferError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, words)
    assert.doesNotMatch(`${error.message}${error.cause}`, /pass word/)
    return true
  }
}

test('a pull brings regular files only, with their times and our modes, and removes what is gone', async () => {
  await using it = await world()
  await chmod(join(it.tree, 'daily.cvd'), 0o600)
  await utimes(join(it.tree, 'daily.cvd'), 1_000_000, 1_000_000)
  await symlink('/etc/passwd', join(it.tree, 'link.cvd'))
  await writeFile(join(it.tree, 'local_logo.png'), 'the master has no such')
  await writeFile(join(it.tree, 'skipped.txt'), 'x')
  await writeFile(join(it.into, 'gone.cdiff'), 'x')
  await new RsyncTransfer().pull(it.from, it.into, { ...it.options, exclude: ['/skipped.*'] })
  const names = (await readdir(it.into, { recursive: true })).sort()
  assert.deepEqual(names, ['daily.cvd', 'database', 'database/viruses.db'])
  const daily = await stat(join(it.into, 'daily.cvd'))
  assert.equal(daily.mtimeMs, 1_000_000_000)
  assert.equal(daily.mode & 0o777, 0o644)
  assert.ok(it.lines.includes('daily.cvd'))
})

test('what another pull may bring is left where it is, unless this one has begun with it', async () => {
  await using it = await world()
  const options = { ...it.options, later: ['daily.cvd'] }
  const daily = join(it.into, 'daily.cvd')
  await writeFile(daily, 'an older one')
  await new RsyncTransfer().pull(it.from, it.into, options)
  assert.deepEqual(it.lines, ['database/viruses.db'])
  assert.equal(await readFile(daily, 'utf8'), 'an older one')
  await mkdir(join(it.into, '.cvdnet-partial'))
  await writeFile(join(it.into, '.cvdnet-partial', 'daily.cvd'), 'version')
  await new RsyncTransfer().pull(it.from, it.into, options)
  assert.equal(await readFile(daily, 'utf8'), 'version one')
  assert.deepEqual((await readdir(it.into)).sort(), ['daily.cvd', 'database'])
})

test('what did not change is linked against the published tree; by content, a hidden change is found', async () => {
  await using it = await world()
  const published = join(it.dir, 'published')
  await mkdir(published)
  const transfer = new RsyncTransfer()
  const daily = join(it.tree, 'daily.cvd')
  await utimes(daily, 1_000_000, 1_000_000)
  await transfer.pull(it.from, published, it.options)
  await transfer.pull(it.from, it.into, { ...it.options, linkAgainst: published })
  const ino = async (folder: string) => (await stat(join(folder, 'daily.cvd'))).ino
  assert.equal(await ino(it.into), await ino(published))
  // Same length, other bytes, and a time that is equal to the nanosecond.
  await writeFile(daily, 'VERSION TWO')
  await utimes(daily, 1_000_000, 1_000_000)
  const again = { ...it.options, linkAgainst: published }
  await transfer.pull(it.from, it.into, again)
  assert.equal(await readFile(join(it.into, 'daily.cvd'), 'utf8'), 'version one')
  await transfer.pull(it.from, it.into, { ...again, byContent: true })
  assert.equal(await readFile(join(it.into, 'daily.cvd'), 'utf8'), 'VERSION TWO')
  assert.equal(await readFile(join(published, 'daily.cvd'), 'utf8'), 'version one')
})

test('two contents of one length within one second are told apart', async () => {
  await using it = await world()
  const transfer = new RsyncTransfer()
  const daily = join(it.tree, 'daily.cvd')
  await utimes(daily, 1000.1, 1000.1)
  await transfer.pull(it.from, it.into, it.options)
  await writeFile(daily, 'VERSION TWO')
  await utimes(daily, 1000.2, 1000.2)
  await transfer.pull(it.from, it.into, it.options)
  assert.equal(await readFile(join(it.into, 'daily.cvd'), 'utf8'), 'VERSION TWO')
})

test('wrong password, unknown module, nobody there, no rsync: each is told apart', async () => {
  await using it = await world()
  const transfer = new RsyncTransfer()
  const pull = (change: Partial<typeof it.from>) =>
    transfer.pull({ ...it.from, ...change }, it.into, it.options)
  await assert.rejects(pull({ password: 'wrong' }), fails('refused', /login and password/))
  await assert.rejects(pull({ module: 'other' }), fails('no-such-module', /no such module/))
  await assert.rejects(pull({ port: 1 }), fails('unreachable', /nothing listens/))
  await assert.rejects(pull({ host: 'master.invalid' }), fails('unreachable', /cannot be resolved/))
  const none = new RsyncTransfer({ program: '/nowhere/rsync' })
  await assert.rejects(
    none.pull(it.from, it.into, it.options),
    fails('no-rsync', /apt install rsync/),
  )
})

test('a master that says nothing ends with the total time, and an abort ends the program at once', async () => {
  await using it = await world()
  await using silent = createServer((socket) => socket.on('error', () => {}).resume())
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const address = silent.address()
  assert.ok(typeof address === 'object' && address !== null)
  const from = { ...it.from, port: address.port }
  const short = new RsyncTransfer({ totalMsMax: 300 })
  await assert.rejects(short.pull(from, it.into, it.options), fails('timed-out', /0\.3 s/))
  const abort = new AbortController()
  const started = performance.now()
  const pull = new RsyncTransfer().pull(from, it.into, { ...it.options, signal: abort.signal })
  await setTimeout(200)
  abort.abort(new Error('enough'))
  await assert.rejects(pull, /enough/)
  assert.ok(performance.now() - started < 5000)
})

test('an rsync that a killed run left behind is ended before the next pull', async () => {
  await using it = await world()
  await using silent = createServer((socket) => socket.on('error', () => {}).resume())
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const address = silent.address()
  assert.ok(typeof address === 'object' && address !== null)
  const url = `rsync://mirror1@127.0.0.1:${address.port}/clamavdb/`
  await writeFile(`${it.into}.pulling`, '')
  const orphan = spawn('rsync', ['-rt', url, join(it.into, '/')], { stdio: 'ignore' })
  const ended = once(orphan, 'exit')
  await setTimeout(200)
  await new RsyncTransfer().pull(it.from, it.into, it.options)
  assert.deepEqual(await ended, [null, 'SIGKILL'])
  assert.ok(!(await readdir(it.dir)).includes('incoming.pulling'))
})

test('a full disk is said to be full', async (context) => {
  await using it = await world()
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', it.into])
  if (mounted.status !== 0) return context.skip('needs the right to mount a small file system')
  try {
    await writeFile(join(it.tree, 'main.cvd'), Buffer.alloc(300_000, 'x'))
    const pull = new RsyncTransfer().pull(it.from, it.into, it.options)
    await assert.rejects(pull, fails('disk-full', /no space is left/))
  } finally {
    spawnSync('umount', [it.into])
  }
})

test('words come before the status, and an unknown status is still told', () => {
  const text = 'rsync: [receiver] write failed on "x": No space left on device (28)'
  assert.equal(explainExit(11, text).code, 'disk-full')
  assert.equal(
    explainExit(5, '@ERROR: max connections (4) reached -- try again later').code,
    'refused',
  )
  assert.equal(explainExit(23, '').code, 'incomplete')
  assert.match(explainExit(99, '').sentence, /status 99/)
  assert.match(explainExit(null, '').sentence, /killed/)
})

test('a limit of bandwidth is rsync’s own to keep', async () => {
  await using it = await world()
  const [program, told] = [join(it.dir, 'rsync'), join(it.dir, 'told')]
  await writeFile(program, `#!/bin/sh\nprintf '%s\\n' "$@" > '${told}'\nexec rsync "$@"\n`)
  await chmod(program, 0o755)
  const transfer = new RsyncTransfer({ program })
  const limits = async () => (await readFile(told, 'utf8')).match(/^--bwlimit=.*$/gm)
  await transfer.pull(it.from, it.into, { ...it.options, bandwidthKib: 250 })
  assert.deepEqual(await limits(), ['--bwlimit=250'])
  assert.equal(await readFile(join(it.into, 'daily.cvd'), 'utf8'), 'version one')
  await transfer.pull(it.from, it.into, it.options)
  assert.equal(await limits(), null)
})
