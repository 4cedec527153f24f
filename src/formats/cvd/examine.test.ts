import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { buildSmall, fakePublisher, inPieces } from './fake-publisher.ts'
import {
  CVD_LIMITS,
  type CvdLimits,
  type DatabaseKind,
  describeCvdFault,
  examineDatabase,
  examineOuter,
  HEADER_BYTES,
  printTarHeader,
  tarPadding,
} from './index.ts'

const acme = fakePublisher('acme')
const other = fakePublisher('other')
const verifiers = [acme.verifier, other.verifier]
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

async function examine(bytes: Uint8Array, kind: DatabaseKind = 'cvd', limits = CVD_LIMITS) {
  return examineDatabase(inPieces(bytes), { kind, verifiers, limits })
}

async function faultsOf(bytes: Uint8Array, kind: DatabaseKind = 'cvd', limits?: CvdLimits) {
  const { faults } = await examine(bytes, kind, limits)
  for (const fault of faults) assert.match(describeCvdFault(fault), /^[\x20-\x7e]{15,250}$/)
  return faults.map((fault) => fault.kind)
}

const NAMES = 'small.info'
const FIELDS = '14 Nov 2023 22-13 +0000:7:41:90'
const INFO_HEADER = `ClamAV-VDB:${FIELDS}:X:X:tester:1700000003\n`
const listed = (name: string, text: string) => `${name}:${text.length}:${sha256(text)}\n`

type Member = readonly [name: string, text: string]
const COPYING: Member = ['COPYING', 'free']
const NDB: Member = ['small.ndb', 'Test.A:0:*:deadbeef\n']

/** A signed list of members. */
function infoOf(lines: string, header = INFO_HEADER, signer = acme): Member {
  const text = `${header}${lines}`
  const sum = createHash('sha256').update(text).digest()
  return [NAMES, `${text}DSIG:${signer.info(sum)}\n`]
}

function tarOf(members: readonly Member[]): Buffer {
  return Buffer.concat(
    members.flatMap(([name, text]) => {
      const header = Buffer.from(printTarHeader({ name: 'x', bytes: text.length }))
      header.write(name, 0, 'latin1')
      header.fill(' ', 148, 156)
      const sum = header.reduce((total, byte) => total + byte, 0)
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
      return [header, Buffer.from(text), new Uint8Array(tarPadding(text.length))]
    }),
  )
}

/** A CVD with a header that is signed for whatever is inside. */
function signed(payload: Uint8Array, signer = acme): Buffer {
  const md5 = createHash('md5').update(payload).digest()
  const line = `ClamAV-VDB:${FIELDS}:${md5.toString('hex')}:${signer.header(md5)}:tester:1700000003`
  return Buffer.concat([Buffer.from(line.padEnd(HEADER_BYTES)), payload])
}

const cvdOf = (...members: readonly Member[]) => signed(gzipSync(tarOf(members)))

test('each kind of database is good as it is built, and says who made it', async () => {
  for (const kind of ['cvd', 'cld', 'cud'] as const) {
    const found = await examine(buildSmall(kind, acme), kind)
    assert.deepEqual(found.faults, [])
    assert.equal(found.signedBy, kind === 'cud' ? undefined : 'acme')
    assert.equal(found.name, 'small')
    assert.equal(found.header?.version, 7)
    const names = found.members.map(({ name }) => name)
    assert.deepEqual(names, ['COPYING', 'small.info', 'small.hdb', 'small.ndb'])
  }
})

test('one kind does not pass for another', async () => {
  const [cvd, cld, cud] = (['cvd', 'cld', 'cud'] as const).map((kind) => buildSmall(kind, acme))
  assert.ok(cvd && cld && cud)
  assert.deepEqual(await faultsOf(cud, 'cvd'), ['header-not-signed', 'info-not-signed'])
  assert.deepEqual(await faultsOf(cud, 'cld'), ['md5-unexpected', 'info-not-signed'])
  assert.deepEqual(await faultsOf(cvd, 'cld'), ['md5-unexpected', 'header-signature-unexpected'])
  assert.deepEqual(await faultsOf(cld, 'cvd'), ['md5-absent', 'header-not-signed'])
  const asCud = ['header-signature-unexpected', 'info-signature-unexpected']
  assert.deepEqual(await faultsOf(cvd, 'cud'), asCud)
})

test('both signatures must be by one known publisher', async () => {
  const info = infoOf(listed(...NDB))
  assert.deepEqual(await faultsOf(cvdOf(COPYING, info, NDB)), [])
  const mixed = signed(gzipSync(tarOf([COPYING, info, NDB])), other)
  const { faults, signedBy } = await examine(mixed)
  assert.deepEqual(faults, [{ kind: 'publishers-differ', header: 'other', info: 'acme' }])
  assert.equal(signedBy, undefined)
  const stranger = buildSmall('cvd', fakePublisher('stranger'))
  assert.deepEqual(await faultsOf(stranger), ['header-signature-wrong', 'info-signature-wrong'])
})

test('two publishers of one name are still two', async () => {
  const namesake = fakePublisher('other')
  const renamed = { ...acme.verifier, publisher: 'other' }
  const mixed = signed(gzipSync(tarOf([COPYING, infoOf(listed(...NDB)), NDB])), namesake)
  const found = await examineDatabase(inPieces(mixed), {
    kind: 'cvd',
    verifiers: [renamed, namesake.verifier],
  })
  assert.equal(found.signedBy, undefined)
})

test('what is inside must be what the list says', async () => {
  const info = infoOf(listed(...NDB))
  const hdb: Member = ['small.hdb', 'sum:1:Test\n']
  const cases: readonly (readonly [readonly string[], readonly Member[]])[] = [
    [['member-missing'], [COPYING, info]],
    [['member-unlisted'], [COPYING, info, NDB, hdb]],
    [['member-twice'], [COPYING, info, NDB, NDB]],
    [['member-size-differs'], [COPYING, info, ['small.ndb', 'short']]],
    [['member-hash-differs'], [COPYING, info, ['small.ndb', NDB[1].replace('dead', 'DEAD')]]],
    [['member-empty'], [COPYING, infoOf(listed('small.ndb', '')), ['small.ndb', '']]],
    [
      ['member-bad-name', 'member-unlisted'],
      [COPYING, info, NDB, ['../small.hdb', 'x']],
    ],
    [
      ['member-bad-name', 'member-unlisted'],
      [COPYING, info, NDB, ['etc/passwd', 'x']],
    ],
    [
      ['member-bad-name', 'member-unlisted'],
      [COPYING, info, NDB, ['\x1b[2J', 'x']],
    ],
    [['member-unlisted'], [COPYING, info, NDB, ['other.info', 'x']]],
    [
      ['copying-not-first', 'info-not-second'],
      [info, NDB],
    ],
    [['info-not-second'], [COPYING, NDB, info]],
    [['info-missing'], [COPYING, NDB]],
    [['info-not-signed'], [COPYING, [NAMES, INFO_HEADER + listed(...NDB)], NDB]],
    [['info-signature-wrong'], [COPYING, [NAMES, info[1].replace(/.\n$/, '\n')], NDB]],
    [['info-bad-line'], [COPYING, infoOf('nonsense\n'), NDB]],
  ]
  for (const [kinds, members] of cases) assert.deepEqual(await faultsOf(cvdOf(...members)), kinds)
})

test('every field of the header must be repeated in the list', async () => {
  for (const [from, to] of [
    ['22-13', '22-14'],
    [':7:', ':8:'],
    [':41:', ':42:'],
    [':90:', ':91:'],
    ['tester', 'tesler'],
    ['0003', '0004'],
    [':X:X', ':X:ab'],
  ] as const) {
    const info = infoOf(listed(...NDB), INFO_HEADER.replace(from, to))
    assert.deepEqual(await faultsOf(cvdOf(COPYING, info, NDB)), ['info-field-differs'], to)
  }
})

test('a broken container is refused with the reason, even where its sums are signed', async () => {
  const tar = tarOf([COPYING, infoOf(listed(...NDB)), NDB])
  const gz = gzipSync(tar)
  const wrongSum = Buffer.from(tar).fill('D', 0, 1)
  const cases: readonly (readonly [readonly string[], Uint8Array])[] = [
    [[], tar],
    [['bytes-after-gzip'], Buffer.concat([gz, new Uint8Array(9)])],
    [['bytes-after-gzip'], Buffer.concat([gz, gz])],
    [['gzip-truncated'], gz.subarray(0, -1)],
    [['not-gzip'], Buffer.from('<html>')],
    [['tar-bad-checksum'], gzipSync(wrongSum)],
    [['tar-truncated'], gzipSync(tar.subarray(0, -1))],
    [['tar-bytes-after-end'], gzipSync(Buffer.concat([tar, new Uint8Array(512), tar]))],
    [['info-missing'], gzipSync(new Uint8Array(0))],
    [['gzip-truncated'], new Uint8Array(0)],
  ]
  for (const [kinds, payload] of cases) assert.deepEqual(await faultsOf(signed(payload)), kinds)
})

test('something that is no database gets one reason, not twenty', async () => {
  assert.deepEqual(await faultsOf(Buffer.from('<html>404 not found</html>'.repeat(99))), [
    'not-a-database',
  ])
  assert.deepEqual(await faultsOf(new Uint8Array(0)), ['header-too-short'])
  assert.deepEqual(await faultsOf(buildSmall('cvd', acme).subarray(0, 300)), ['header-too-short'])
})

test('each limit stops the reading', async () => {
  const good = buildSmall('cvd', acme)
  const cases: readonly (readonly [string, Partial<CvdLimits>])[] = [
    ['file-too-large', { fileBytesMax: good.byteLength - 1 }],
    ['unpacked-too-large', { unpackedBytesMax: 1000 }],
    ['too-many-members', { membersMax: 3 }],
    ['ratio-too-high', { ratioMax: 1, ratioFreeBytes: 0 }],
    ['info-too-large', { infoBytesMax: 10 }],
  ]
  for (const [kind, limits] of cases) {
    const faults = await faultsOf(good, 'cvd', { ...CVD_LIMITS, ...limits })
    assert.ok(faults.includes(kind as never), `${kind}: ${faults}`)
    assert.ok(!faults.includes('member-missing'), 'what was not reached is not missing')
  }
})

test('the outer check sees header, MD5 and signature, and leaves the inside alone', async () => {
  const outer = (bytes: Uint8Array) => examineOuter(inPieces(bytes), { kind: 'cvd', verifiers })
  const good = await outer(signed(Buffer.from('nothing to unpack')))
  assert.deepEqual([good.faults, good.signedBy], [[], 'acme'])
  const flipped = signed(Buffer.from('nothing to unpack'))
  flipped[520] = 0
  const bad = await outer(flipped)
  assert.deepEqual(
    bad.faults.map(({ kind }) => kind),
    ['md5-differs', 'header-signature-wrong'],
  )
})

test('members pass a sink with their bytes, and only under harmless names, each once', async () => {
  const seen: string[] = []
  const bytes = cvdOf(COPYING, infoOf(listed(...NDB)), NDB, NDB, ['../evil', 'x'])
  await examineDatabase(inPieces(bytes), {
    kind: 'cvd',
    verifiers,
    onMember: ({ name }) => {
      let text = ''
      return {
        write: (piece) => {
          text += Buffer.from(piece).toString('latin1')
        },
        end: () => {
          seen.push(name === NDB[0] ? text : name)
        },
      }
    },
  })
  assert.deepEqual(seen, ['COPYING', 'small.info', NDB[1]])
})

test('a broken source throws its own error, and is let go', async () => {
  const broken = new Error('disk on fire')
  let closed = false
  async function* source() {
    try {
      yield buildSmall('cvd', acme).subarray(0, 600)
      throw broken
    } finally {
      closed = true
    }
  }
  await assert.rejects(examineDatabase(source(), { kind: 'cvd', verifiers }), broken)
  assert.ok(closed)
})
