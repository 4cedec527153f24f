/** What `cvdnet update` tells, and runs, when there was no run. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { CVDNET } from '../support/cvdnet.ts'
import { eventually } from '../support/run.ts'
import { updateClient } from '../support/update-world.ts'

test('--json is a document where nothing could be done, too, and OnErrorExecute is run', async () => {
  await using it = await updateClient()
  await it.configure('Checks 51')
  const faults = await it.update('--json')
  const document = JSON.parse(faults.out)
  assert.deepEqual([faults.status, document.status, document.databases], [2, 2, []])
  assert.match(document.reason, /Checks is 51, above 50/)
  await it.configure(`OnErrorExecute echo failed > ${it.folder}/hook`)
  const text = await readFile(it.conf, 'utf8')
  await writeFile(it.conf, text.replace(it.directory, join(it.folder, 'missing')))
  const missing = await it.update('--json')
  assert.deepEqual([missing.status, JSON.parse(missing.out).status], [3, 3], missing.all)
  assert.match(JSON.parse(missing.out).reason, /missing/)
  assert.equal(await readFile(join(it.folder, 'hook'), 'utf8'), 'failed\n')
})

test('a daemon leaves the PidFile of another one, and says why it cannot write its own', async () => {
  await using it = await updateClient()
  const pidFile = join(it.folder, 'pid')
  await it.release(1)
  await it.configure('TestDatabases no', `PidFile ${pidFile}`)
  const daemon = spawn(process.execPath, [CVDNET, ...it.args, '--daemon'], { stdio: 'pipe' })
  let said = ''
  daemon.stdout.on('data', (text) => (said += text))
  try {
    await eventually(async () => assert.match(said, /acme is new/))
    await writeFile(pidFile, '1\n')
  } finally {
    daemon.kill('SIGTERM')
    await once(daemon, 'exit')
  }
  assert.equal(await readFile(pidFile, 'utf8'), '1\n')
  await it.configure(`PidFile ${it.folder}`)
  const refused = await it.update('--daemon')
  assert.equal(refused.status, 3)
  assert.match(refused.err, /cannot write the PidFile ".*" \(EISDIR\)/)
})

test('a folder that is not there, or a file in the place of our own, is told by name', async () => {
  await using it = await updateClient()
  await it.release(1)
  await it.configure('TestDatabases no')
  const own = join(it.directory, '.cvdnet')
  await writeFile(own, '')
  const taken = await it.update()
  assert.deepEqual(
    [taken.status, taken.err.includes(`Cannot make folder "${own}": EEXIST`)],
    [3, true],
  )
  await rm(it.directory, { recursive: true })
  const gone = await it.update()
  assert.equal(gone.status, 3)
  assert.match(gone.err, /Cannot look into ".*\/db", the DatabaseDirectory: ENOENT/)
})
