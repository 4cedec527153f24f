import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkLegacy, parseChecksum } from '#formats/legacy-db/index.ts'
import { realData, withoutRealData } from '../../../test/support/run.ts'
import { aName } from '../../../test/support/values.ts'
import { buildSmall, fakePublisher } from '../../formats/cvd/fake-publisher.ts'
import { DatabaseFileError } from './database-file-error.ts'
import { makeLegacy } from './make-legacy.ts'

const acme = fakePublisher('acme')
const verifiers = [acme.verifier]
const { signal } = new AbortController()

function database(name: string, members: Readonly<Record<string, string | Uint8Array>>) {
  const content = Object.entries(members).map(([file, text]) => [file, Buffer.from(text)] as const)
  return buildSmall('cvd', acme, { name: aName(name), members: new Map(content) })
}

const MAIN = database('main', {
  'main.hdb': 'd41d8cd98f00b204e9800998ecf8427e:12:Test.H\n',
  'main.db': 'Test.A=DEADBEEF\nTest.B=dead{2}beef\n',
  'main.ndb': 'Test.C:0:*:cafe*babe\nTest.D:1:EP+0:cafe\n',
})
const DAILY = database('daily', { 'daily.ndb': 'Test.E:0:*:0102??03' })

function folder(main = MAIN, daily = DAILY) {
  const place = mkdtempDisposableSync(join(tmpdir(), 'cvdnet-legacy-'))
  const at = (file: string) => join(place.path, file)
  writeFileSync(at('main.cvd'), main)
  writeFileSync(at('daily.cvd'), daily)
  const request = { main: at('main.cvd'), daily: at('daily.cvd'), into: at('out/here') }
  return {
    at,
    request: { ...request, verifiers, signal },
    [Symbol.dispose]: () => place.remove(),
  }
}

test('main becomes viruses.db, daily viruses.db2, each with its MD5', async () => {
  using place = folder()
  const made = await makeLegacy(place.request)
  assert.ok(made.ok)
  const read = (file: string) => readFileSync(place.at(`out/here/${file}`))
  assert.equal(read('viruses.db').toString(), 'Test.A=deadbeef\nTest.C=cafe*babe\n')
  assert.equal(read('viruses.db2').toString(), 'Test.E=0102??03\n')
  assert.deepEqual(
    made.value.map(({ side, counts }) => [side, counts.written, counts.leftOut]),
    [
      ['main', 2, 2],
      ['daily', 1, 0],
    ],
  )
  for (const { database: written, checksum } of made.value) {
    const bytes = readFileSync(written.path)
    const hash = (name: string, data: Uint8Array) => createHash(name).update(data).digest('hex')
    assert.equal(parseChecksum(readFileSync(checksum.path, 'latin1')), hash('md5', bytes))
    assert.deepEqual([written.md5, written.sha256], [hash('md5', bytes), hash('sha256', bytes)])
    assert.equal(written.bytes, bytes.byteLength)
    assert.equal(checksum.sha256, hash('sha256', readFileSync(checksum.path)))
    assert.deepEqual((await checkLegacy([bytes])).faults, [])
  }
  assert.deepEqual(readdirSync(place.at('out/here')).sort(), [
    'viruses.db',
    'viruses.db2',
    'viruses.md5',
    'viruses2.md5',
  ])
})

test('one side alone is written alone', async () => {
  using place = folder()
  const { main, ...daily } = place.request
  assert.ok((await makeLegacy(daily)).ok)
  assert.deepEqual(readdirSync(place.at('out/here')).sort(), ['viruses.db2', 'viruses2.md5'])
  assert.ok(existsSync(main))
})

test('a database that does not verify leaves everything as it was', async () => {
  const bad = Uint8Array.from(DAILY)
  bad[bad.byteLength - 30] = (bad[bad.byteLength - 30] ?? 0) ^ 1
  using place = folder(MAIN, bad)
  const made = await makeLegacy(place.request)
  assert.ok(!made.ok && made.fault.kind === 'database-refused')
  assert.equal(made.fault.side, 'daily')
  assert.ok(!existsSync(place.at('out')), 'not even the folders that were made for it')
  const unknown = await makeLegacy({ ...place.request, verifiers: [] })
  assert.ok(!unknown.ok && unknown.fault.kind === 'database-refused')
})

test('a database with nothing for old clients is refused, since they take an empty file for a broken one', async () => {
  using place = folder(MAIN, database('daily', { 'daily.ndb': 'Test.D:1:EP+0:cafe\n' }))
  const made = await makeLegacy(place.request)
  assert.deepEqual(made, {
    ok: false,
    fault: { kind: 'nothing-to-say', side: 'daily', leftOut: 1 },
  })
  assert.ok(!existsSync(place.at('out')), 'not even the folders that were made for it')
})

test('the real file of 2003 comes out of a database byte for byte', {
  skip: withoutRealData(),
}, async () => {
  const old = readFileSync(realData('history/viruses.db'))
  using place = folder(database('main', { 'main.db': old }))
  const made = await makeLegacy(place.request)
  assert.ok(made.ok, JSON.stringify(made))
  assert.ok(readFileSync(place.at('out/here/viruses.db')).equals(old))
})

test('a database that is not there, and an abort, throw and leave nothing', async () => {
  using place = folder()
  await assert.rejects(
    makeLegacy({ ...place.request, main: place.at('none.cvd') }),
    DatabaseFileError,
  )
  const stopped = AbortSignal.abort(new Error('stop'))
  await assert.rejects(makeLegacy({ ...place.request, signal: stopped }), /stop/)
  assert.ok(!existsSync(place.at('out')), 'not even the folders that were made for it')
})
