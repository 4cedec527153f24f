import assert from 'node:assert/strict'
import { mkdtempDisposable, readdir, readFile, rename, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { epochMs } from '#base/time.ts'
import { printLogLine } from '#formats/access-log/index.ts'
import { AccessLogFile } from './access-log-file.ts'

function line(target: string): string {
  const about = {
    from: '192.0.2.7',
    method: 'GET',
    protocol: 'HTTP/1.1',
    status: 200,
    bytesSent: 7,
  }
  return printLogLine({ at: epochMs(1_795_000_000_000), target, ...about, agent: '', referer: '' })
}

async function world() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-log-'))
  return {
    folder: folder.path,
    path: join(folder.path, 'access.log'),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

test('lines are there when it is closed, for owner and group alone', async () => {
  await using it = await world()
  {
    await using log = new AccessLogFile({ path: it.path, onFault: assert.fail })
    for (let n = 0; n < 5000; n++) log.add(line(`/${n}`))
  }
  const lines = (await readFile(it.path, 'latin1')).trimEnd().split('\n')
  assert.equal(lines.length, 5000)
  assert.match(lines[4999] ?? '', /"GET \/4999 HTTP\/1\.1" 200 7 "-" "-"$/)
  assert.equal((await stat(it.path)).mode & 0o027, 0)
})

test('a log that was moved away is opened anew', async () => {
  await using it = await world()
  await using log = new AccessLogFile({ path: it.path, onFault: assert.fail })
  log.add(line('/one'))
  await log.flushed()
  await rename(it.path, `${it.path}.1`)
  log.add(line('/two'))
  await log.flushed()
  assert.match(await readFile(`${it.path}.1`, 'latin1'), /\/one/)
  assert.match(await readFile(it.path, 'latin1'), /^[^\n]*\/two[^\n]*\n$/)
})

test('a log of ours is put aside when it has grown, and two old ones are kept', async () => {
  await using it = await world()
  await using log = new AccessLogFile({ path: it.path, rotateAtBytes: 100, onFault: assert.fail })
  for (const target of ['/one', '/two', '/three', '/four', '/five', '/six', '/seven', '/eight']) {
    log.add(line(target))
    await log.flushed()
  }
  assert.deepEqual((await readdir(it.folder)).sort(), [
    'access.log',
    'access.log.1',
    'access.log.2',
  ])
  assert.match(await readFile(it.path, 'latin1'), /\/eight/)
})

test('a disk that fails is told once, and costs lines only', async () => {
  await using it = await world()
  const faults: string[] = []
  const path = join(it.folder, 'not', 'there')
  await using log = new AccessLogFile({ path, onFault: (line) => faults.push(line) })
  for (const target of ['/one', '/two']) {
    log.add(line(target))
    await log.flushed()
  }
  assert.equal(faults.length, 1)
  assert.match(faults[0] ?? '', /^access log ".*": /)
})
