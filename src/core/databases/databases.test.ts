import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { dbVersion, parseDbName } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import {
  type BuildKind,
  buildDatabase,
  type Examination,
  examineDatabase,
  HEADER_BYTES,
} from '#formats/cvd/index.ts'
import { TEST_SECRETS } from '#formats/dsig/test-secrets.ts'
import { signShaped, withMd5 } from '../../../test/support/sign-by-hand.ts'
import { lostZerosOf, signerOf, trustedPublishers, verifiersOf } from './index.ts'

const DATA = '../shared/data/clamav'
const skip = existsSync(DATA) ? false : `no real data in ${DATA}`
const real = skip ? [] : readdirSync(DATA).filter((file) => file.endsWith('.cvd'))

let salts = 0
const signer = signerOf(TEST_SECRETS, () => {
  salts += 1
  return createHash('sha256').update(`salt ${salts}`).digest()
})
const verifiers = verifiersOf(trustedPublishers([TEST_SECRETS]))

async function examine(bytes: Uint8Array, kind: BuildKind['kind'] = 'cvd'): Promise<Examination> {
  return examineDatabase(once(bytes), { kind, verifiers })
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function build(how: BuildKind, builtAt = 1_700_000_000): Uint8Array {
  const name = parseDbName('acme')
  const version = dbVersion(3)
  assert.ok(name.ok && version !== undefined)
  return buildDatabase({
    name: name.value,
    version,
    members: new Map([['acme.hdb', Buffer.from('d41d8cd98f00b204e9800998ecf8427e:12:Test.A\n')]]),
    builder: 'tester',
    builtAt: epochSeconds(builtAt),
    functionalityLevel: 90,
    signatures: 1,
    ...how,
  })
}

test('every real database is good and signed by ClamAV, test-5 included', { skip }, async () => {
  assert.ok(real.includes('test-5.cvd'))
  for (const file of real) {
    const { faults, signedBy } = await examine(readFileSync(`${DATA}/${file}`))
    assert.deepEqual([faults, signedBy], [[], 'ClamAV'], file)
  }
})

test('law: a flipped byte anywhere in a real database is caught', { skip }, async () => {
  const small = readFileSync(`${DATA}/test-1.cvd`)
  const large = readFileSync(`${DATA}/bytecode.cvd`)
  await assertFlipsCaught(small, 1)
  await assertFlipsCaught(large, 97)
})

/** Half the arithmetic of both publishers. */
const clamavOnly = verifiersOf(trustedPublishers([]))

async function assertFlipsCaught(good: Uint8Array, step: number): Promise<void> {
  for (let at = 0; at < good.byteLength; at += at < HEADER_BYTES ? 1 : step) {
    const flipped = Buffer.from(good)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
    const { faults } = await examineDatabase(once(flipped), { kind: 'cvd', verifiers: clamavOnly })
    assert.ok(faults.length > 0, `byte ${at}`)
  }
}

test('a database cut short anywhere, or with a byte behind it, is caught', { skip }, async () => {
  const good = readFileSync(`${DATA}/test-1.cvd`)
  for (let bytes = 0; bytes < good.byteLength; bytes += 61) {
    assert.ok((await examine(good.subarray(0, bytes))).faults.length > 0, `${bytes} bytes`)
  }
  const longer = Buffer.concat([good, new Uint8Array(1)])
  const kinds = (await examine(longer)).faults.map(({ kind }) => kind)
  assert.deepEqual(kinds, ['md5-differs', 'header-signature-wrong', 'bytes-after-gzip'])
})

test('a publisher’s own database verifies with his keys and with no others', async () => {
  for (const kind of ['cvd', 'cld'] as const) {
    const bytes = build({ kind, signer })
    const { faults, signedBy } = await examine(bytes, kind)
    assert.deepEqual([faults, signedBy], [[], 'test-publisher'])
    const stranger = verifiersOf(trustedPublishers([]))
    const refused = await examineDatabase(once(bytes), { kind, verifiers: stranger })
    assert.equal(refused.signedBy, undefined)
    assert.ok(refused.faults.some((fault) => fault.kind === 'info-signature-wrong'))
  }
  assert.deepEqual((await examine(build({ kind: 'cud' }), 'cud')).faults, [])
})

// formats.md 9, trap 3: engines 1.1 to 1.4 take such a signature for wrong.
test('a build whose MD5 starts with a zero byte is made again one second later', () => {
  let again = 0
  for (let builtAt = 1_700_000_000; builtAt < 1_700_001_500; builtAt += 1) {
    const text = Buffer.from(build({ kind: 'cud' }, builtAt)).toString('latin1', 0, HEADER_BYTES)
    assert.ok(!/:00[0-9a-f]{30}:/.test(text))
    if (!text.trimEnd().endsWith(`:${builtAt}`)) again += 1
  }
  assert.ok(again > 0, 'one in 256 builds should have been made again')
})

// A mirror goes on serving what is published; only who publishes is told (the gate, the command line).
test('signatures whose zeros engines lose verify like others, and are told by their part', async () => {
  const info = (sha256: Uint8Array) => {
    return signShaped(sha256, TEST_SECRETS.info, { head: (byte) => byte === 0 })
  }
  const good = build({ kind: 'cvd', signer })
  const bad = build({ kind: 'cvd', signer: { ...signer, info } })
  const lostIn = async (bytes: Uint8Array, kind: BuildKind['kind'] = 'cvd') => {
    const found = await examine(bytes, kind)
    assert.deepEqual([found.faults, found.signedBy], [[], TEST_SECRETS.publisher])
    return lostZerosOf(found, trustedPublishers([TEST_SECRETS]))
  }
  assert.deepEqual(await lostIn(good), [])
  assert.deepEqual(await lostIn(bad), ['info'])
  const zeroMd5 = (bytes: Uint8Array) => withMd5(bytes, TEST_SECRETS, (byte) => byte === 0)
  assert.deepEqual(await lostIn(zeroMd5(good)), ['header'])
  assert.deepEqual(await lostIn(zeroMd5(bad)), ['header', 'info'])
  assert.deepEqual(await lostIn(build({ kind: 'cld', signer: { ...signer, info } }), 'cld'), [
    'info',
  ])
})
