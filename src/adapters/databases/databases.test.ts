import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isLeftover } from '#adapters/disk/index.ts'
import { dbVersion, parseDbName } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import { buildDatabase } from '#formats/cvd/index.ts'
import { examineFile, examineFileOuter, kindOfFile, unpackFile } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'cvdnet-databases-'))
after(() => rmSync(folder, { recursive: true }))
const { signal } = new AbortController()
const options = { verifiers: [], signal }

function cud(members: Readonly<Record<string, string>>): Uint8Array {
  const name = parseDbName('acme')
  const version = dbVersion(3)
  assert.ok(name.ok && version !== undefined)
  return buildDatabase({
    kind: 'cud',
    name: name.value,
    version,
    members: new Map(Object.entries(members).map(([file, text]) => [file, Buffer.from(text)])),
    builder: 'tester',
    builtAt: epochSeconds(1_700_000_000),
    functionalityLevel: 90,
    signatures: 1,
  })
}

function place(file: string, bytes: Uint8Array): string {
  const path = join(folder, file)
  writeFileSync(path, bytes)
  return path
}

const LINES = 'd41d8cd98f00b204e9800998ecf8427e:12:Test.A\n'.repeat(50_000)

test('the kind of a database is what its extension says', () => {
  assert.equal(kindOfFile('/x/daily.cvd'), 'cvd')
  assert.equal(kindOfFile('daily.CLD'), 'cld')
  assert.equal(kindOfFile('my.daily.cud'), 'cud')
  assert.equal(kindOfFile('daily.cvd.part'), undefined)
})

// A buffer that was read into again too early changed what was being hashed.
test('a file of many reads is examined whole, and the same again', async () => {
  const lines = Array.from({ length: 60_000 }, (_, at) => {
    return `${createHash('md5').update(`${at}`).digest('hex')}:${at}:Test.A\n`
  })
  const bytes = cud({ 'acme.hdb': lines.join('') })
  assert.ok(bytes.byteLength > 4 * 256 * 1024)
  const path = place('large.cud', bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  for (let time = 0; time < 3; time += 1) {
    const full = await examineFile(path, options)
    assert.deepEqual([full.faults, full.sha256], [[], sha256])
    assert.deepEqual((await examineFileOuter(path, options)).faults, [])
  }
})

test('a good database is unpacked, a bad one leaves nothing behind', async () => {
  const good = cud({ 'acme.hdb': LINES, 'acme.ndb': 'Test.B:0:*:deadbeef\n' })
  const to = join(folder, 'unpacked')
  const { faults } = await unpackFile(place('good.cud', good), to, options)
  assert.deepEqual(faults, [])
  assert.deepEqual(readdirSync(to).sort(), ['COPYING', 'acme.hdb', 'acme.info', 'acme.ndb'])
  assert.equal(readFileSync(join(to, 'acme.hdb'), 'utf8'), LINES)
  const bad = Buffer.from(good)
  bad[bad.length - 1] = (bad.at(-1) ?? 0) ^ 1
  const nowhere = join(folder, 'nowhere')
  const refused = await unpackFile(place('bad.cud', bad), nowhere, options)
  assert.deepEqual(
    refused.faults.map(({ kind }) => kind),
    ['md5-differs', 'gzip-wrong-length'],
  )
  assert.ok(!existsSync(nowhere))
})

// A kill in the middle left a half and unproven folder under the name that was asked for.
test('the folder has its name only when its members are accepted', async () => {
  const path = place('late.cud', cud({ 'acme.hdb': LINES }))
  const to = join(folder, 'late')
  const accept = () => {
    assert.ok(!existsSync(to))
    assert.equal(readdirSync(folder).filter(isLeftover).length, 1)
    return true
  }
  await unpackFile(path, to, { ...options, accept })
  assert.ok(existsSync(join(to, 'acme.hdb')))
  assert.deepEqual(readdirSync(folder).filter(isLeftover), [])
})

test('a folder that appears meanwhile is left alone', async () => {
  const path = place('race.cud', cud({ 'acme.hdb': LINES }))
  const to = join(folder, 'race')
  const accept = () => {
    mkdirSync(to)
    writeFileSync(join(to, 'mine'), '')
    return true
  }
  await assert.rejects(unpackFile(path, to, { ...options, accept }), { code: 'folder-exists' })
  assert.deepEqual(readdirSync(to), ['mine'])
  assert.deepEqual(readdirSync(folder).filter(isLeftover), [])
})

test('an existing folder is not unpacked into', async () => {
  const path = place('again.cud', cud({ 'acme.hdb': 'x' }))
  await assert.rejects(unpackFile(path, folder, options), { code: 'folder-exists' })
})

test('what cannot be read is an error with its cause', async () => {
  await assert.rejects(examineFile(join(folder, 'none.cvd'), options), { code: 'not-found' })
  await assert.rejects(examineFile(folder, options), { code: 'not-a-file' })
})

const noPipes = spawnSync('mkfifo', [join(folder, 'pipe.cvd')]).status === 0 ? false : 'no mkfifo'

test('a named pipe is refused at once instead of waited for', { skip: noPipes }, async () => {
  await assert.rejects(examineFile(join(folder, 'pipe.cvd'), options), { code: 'not-a-file' })
})

test('an aborted examination stops with the reason and unpacks nothing', async () => {
  const path = place('stop.cud', cud({ 'acme.hdb': LINES.repeat(20) }))
  const reason = new Error('stop')
  const stop = new AbortController()
  const to = join(folder, 'stopped')
  const running = unpackFile(path, to, { verifiers: [], signal: stop.signal })
  stop.abort(reason)
  await assert.rejects(running, reason)
  assert.ok(!existsSync(to))
})
