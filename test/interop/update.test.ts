import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, cp, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { examineFile } from '#adapters/databases/index.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { publicKeys } from '#formats/dsig/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { CVDNET } from '../support/cvdnet.ts'
import { eventually, run, without } from '../support/run.ts'
import { type UpdateClient, updateClient } from '../support/update-world.ts'

const KILLING = ['--import', join(import.meta.dirname, '..', 'support', 'kill-at.ts')]
/** More than an update has. */
const STEPS_MAX = 150
const signal = AbortSignal.timeout(280_000)

/** Version of what the engine loads, which is whole; undefined: there is nothing. */
async function loaded({ directory, secrets }: UpdateClient): Promise<number | undefined> {
  const files = (await readdir(directory)).filter((name) => /\.c[vlu]d$/.test(name))
  if (files.length === 0) return undefined
  assert.deepEqual(files, ['acme.cud'])
  const verifiers = verifiersOf([publicKeys(secrets)])
  const found = await examineFile(join(directory, 'acme.cud'), { verifiers, signal })
  assert.deepEqual(found.faults, [])
  return found.header?.version
}

test('an update that is killed before a step leaves what the engine loads whole, and the next one ends it', async () => {
  await using it = await updateClient()
  await it.configure('TestDatabases no')
  const before = join(it.folder, 'before')
  await mkdir(before)
  for (const to of [1, 2]) {
    await it.release(to)
    // Every other step, odd ones in the first run and even ones in the second: all are tried, in half the time.
    let killed = to
    for (; killed < STEPS_MAX; killed += 2) {
      await rm(it.directory, { recursive: true })
      await cp(before, it.directory, { recursive: true })
      const command = [...KILLING, CVDNET, ...it.args]
      const end = await run(process.execPath, command, { env: { KILL_AT: String(killed) } })
      if (end.status === 0) break
      const version = await loaded(it)
      assert.ok(version === to || version === (to === 1 ? undefined : 1), `${killed}: ${version}`)
      assert.equal(await it.updateHere(), 0)
      assert.equal(await loaded(it), to)
      assert.equal((await readdir(join(it.directory, '.cvdnet', 'signed'))).length, 1)
    }
    assert.ok(killed > 8 && killed < STEPS_MAX, `${killed} kills`)
    await rm(before, { recursive: true })
    await cp(it.directory, before, { recursive: true })
  }
})

test('statuses, words and the document', async () => {
  await using it = await updateClient()
  const nothing = await it.update()
  assert.equal(nothing.status, 3)
  assert.match(nothing.err, /^acme was not updated: no server has acme\.cvd$/m)
  await it.release(1)
  const first = await it.update('--json')
  assert.equal(first.status, 0, first.all)
  const document = JSON.parse(first.out)
  const { bytes, server, ...rest } = document.databases[0]
  const new1 = { name: 'acme', result: 'updated', to: 1, newest: 1, way: 'whole', signatures: 1 }
  assert.deepEqual(rest, new1)
  assert.deepEqual([server, bytes > 500], [`http://127.0.0.1:${it.port}`, true])
  assert.match((await it.update()).out, /^acme is up to date, version 1$/m)
  await it.configure('Checks 51', 'DatabaseCustomURL gopher://x/y.ndb')
  const faults = await it.update()
  assert.equal(faults.status, 2)
  assert.match(faults.err, /Checks is 51[\s\S]*|gopher[\s\S]*/)
  const gone = await run(process.execPath, [CVDNET, 'update', '--config', join(it.folder, 'no')])
  assert.equal(gone.status, 2)
  await it.configure('OnUpdateExecute EXIT_5', `OnErrorExecute echo "it failed" > ${it.folder}/e`)
  await it.release(2)
  const five = await it.update()
  assert.equal(five.status, 5, five.all)
  assert.match(five.out, /^acme 1 → version 2, by patches/m)
  await writeFile(join(it.root, 'acme.cvd'), Buffer.alloc(2000, 'x'))
  await it.publish()
  const refused = await it.update()
  assert.equal(refused.status, 1)
  assert.match(refused.err, /acme\.cvd: it does not begin as a database/)
  assert.equal(await readFile(join(it.folder, 'e'), 'utf8'), 'it failed\n')
  assert.equal(await loaded(it), 2)
})

test('files by address come when they are newer, and when the engine loads them', {
  skip: without('clamscan'),
}, async () => {
  await using it = await updateClient()
  await it.release(1)
  const local = join(it.folder, 'local.ndb')
  await writeFile(local, 'Local.Test:0:*:6c6f63616c\n')
  await writeFile(join(it.root, 'extra.ndb'), 'Extra.Test:0:*:6578747261\n')
  await it.publish()
  const url = `http://127.0.0.1:${it.port}/extra.ndb`
  await it.configure(`DatabaseCustomURL ${url}`, `DatabaseCustomURL file://${local}`)
  const first = await it.update()
  assert.equal(first.status, 0, first.all)
  assert.match(first.out, /extra\.ndb was updated, 26 bytes[\s\S]*local\.ndb was updated/)
  const second = await it.update()
  assert.match(second.out, /extra\.ndb is up to date[\s\S]*local\.ndb is up to date/)
  assert.deepEqual(it.requests.at(-1)?.match(/" (\d+) /)?.[1], '304')
  const bad = join(it.root, 'extra.ndb')
  await writeFile(bad, 'nonsense\n')
  const later = Date.now() / 1000 + 5
  await utimes(bad, later, later)
  await it.publish()
  const third = await it.update()
  assert.equal(third.status, 1, third.all)
  assert.match(third.err, /extra\.ndb was not updated: the engine does not load it/)
  assert.match(await readFile(join(it.directory, 'extra.ndb'), 'utf8'), /^Extra\.Test/)
})

test('clamd, which knows ClamAV’s keys alone, finds by a database of another publisher as soon as it is there', {
  skip: without('clamd', 'clamscan'),
}, async (t) => {
  await using it = await updateClient()
  const port = await freePort(['127.0.0.1'])
  const conf = join(it.folder, 'clamd.conf')
  const lines = [
    `DatabaseDirectory ${it.directory}`,
    `TCPSocket ${port}`,
    'TCPAddr 127.0.0.1',
    'SelfCheck 86400',
    'Foreground yes',
  ]
  await writeFile(conf, `${lines.join('\n')}\n`)
  await it.configure(`NotifyClamd ${conf}`)
  await it.release(1)
  const first = await it.update()
  assert.match(first.out, /clamd/)
  assert.equal(first.status, 0, first.all)
  const clamd = spawn('clamd', [`--config-file=${conf}`], { stdio: 'ignore' })
  t.after(() => end(clamd))
  const scan = async (text: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1')
    const size = Buffer.alloc(4)
    size.writeUInt32BE(text.length)
    socket.end(
      Buffer.concat([Buffer.from('zINSTREAM\0'), size, Buffer.from(text), Buffer.alloc(4)]),
    )
    let answer = ''
    for await (const piece of socket) answer += piece
    return answer
  }
  await eventually(async () => assert.match(await scan('acme 1'), /Acme\.Test-1\.UNOFFICIAL FOUND/))
  assert.match(await scan('acme 2'), /OK/)
  await it.release(2)
  const second = await it.update()
  assert.match(second.out, /by patches[\s\S]*clamd/)
  await eventually(async () => assert.match(await scan('acme 2'), /Acme\.Test-2\.UNOFFICIAL FOUND/))
})

test('a daemon looks when it is woken, follows its configuration, outlives troubles, and ends', async (t) => {
  await using it = await updateClient()
  await it.configure('TestDatabases no', `PidFile ${join(it.folder, 'pid')}`)
  const daemon = spawn(process.execPath, [CVDNET, ...it.args, '--daemon'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => end(daemon))
  let said = ''
  for (const stream of [daemon.stdout, daemon.stderr]) stream.on('data', (text) => (said += text))
  await eventually(async () => assert.match(said, /no server has acme\.cvd/))
  assert.equal(await readFile(join(it.folder, 'pid'), 'utf8'), `${daemon.pid}\n`)
  await it.release(1)
  daemon.kill('SIGUSR1')
  await eventually(async () => assert.match(said, /acme is new: version 1/))
  await writeFile(it.conf, 'Checks nonsense\n')
  daemon.kill('SIGHUP')
  await eventually(async () => assert.match(said, /not reloaded: .*cannot be used/))
  await it.release(2)
  await it.configure('TestDatabases no', 'OnUpdateExecute echo followed')
  daemon.kill('SIGHUP')
  await eventually(async () => assert.match(said, /acme 1 → version 2[\s\S]*followed/))
  daemon.kill('SIGTERM')
  const [status] = await once(daemon, 'exit')
  assert.equal(status, 0, said)
  await assert.rejects(stat(join(it.folder, 'pid')))
})

test('root becomes the owner of the databases', {
  skip: process.getuid?.() === 0 ? false : 'only root may',
}, async () => {
  await using it = await updateClient()
  await it.release(1)
  await it.configure('DatabaseOwner nobody', 'TestDatabases no')
  const text = await readFile(it.conf, 'utf8')
  await writeFile(it.conf, text.replace('DatabaseOwner root\n', ''))
  const { out } = await run('id', ['-u', 'nobody'])
  const uid = Number(out)
  await chown(it.directory, uid, uid)
  // The way there is for everybody.
  await run('chmod', ['a+rx', it.folder])
  const ended = await it.update()
  assert.equal(ended.status, 0, ended.all)
  for (const file of ['acme.cud', 'freshclam.dat', '.cvdnet/signed/acme.cvd']) {
    assert.equal((await stat(join(it.directory, file))).uid, uid, file)
  }
  await writeFile(it.conf, text.replace('DatabaseOwner root', 'DatabaseOwner nobody-here'))
  const unknown = await it.update()
  assert.equal(unknown.status, 2)
  assert.match(unknown.err, /there is no user "nobody-here"/)
})

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
