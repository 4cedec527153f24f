import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import {
  buildTimesAgree,
  parseBuildTime,
  parseHeader,
  printBuildTime,
  printHeader,
} from './index.ts'

const LINE =
  'ClamAV-VDB:22 Jun 2021 14-58 -0400:1:0:81:a4ab60ae1c1c4e8f787459102dcfd90b:ttQeKz:micasnyd:1624388302'
const padded = (line: string) => Buffer.from(line.padEnd(512), 'latin1')

function strictly(line: string): string {
  const parsed = parseHeader(padded(line), 'strict')
  if (parsed.ok) return 'good'
  return parsed.fault.kind === 'header-bad-field' ? parsed.fault.field : parsed.fault.kind
}

test('a strict reading takes all nine fields and refuses anything doubtful', () => {
  const cases: readonly (readonly [string, string])[] = [
    [LINE, 'good'],
    [LINE.replace('a4ab60ae1c1c4e8f787459102dcfd90b:ttQeKz', 'X:X'), 'good'],
    [LINE.replace('ClamAV', 'clamav'), 'not-a-database'],
    [LINE.slice(0, LINE.lastIndexOf(':')), 'header-field-count'],
    [`${LINE}:more`, 'header-field-count'],
    [`${LINE} x`, 'stime'],
    [`${LINE}\n`, 'header-unprintable'],
    [`${LINE}\0`, 'header-unprintable'],
    [LINE.replace('22 Jun', '31 Jun'), 'build time'],
    [LINE.replace('14-58', '14:58'), 'header-field-count'],
    [LINE.replace('-0400:1:', '-0400:01:'), 'version'],
    [LINE.replace('-0400:1:', '-0400:-1:'), 'version'],
    [LINE.replace('-0400:1:', '-0400:2147483648:'), 'version'],
    [LINE.replace(':0:81:', ':4294967296:81:'), 'signatures'],
    [LINE.replace(':81:', '::'), 'functionality level'],
    [LINE.replace('a4ab', 'A4AB'), 'MD5'],
    [LINE.replace('ttQeKz', 't=QeKz'), 'digital signature'],
    [LINE.replace('micasnyd', ''), 'builder'],
    [LINE.replace('micasnyd', 'm'.repeat(33)), 'builder'],
    [LINE.replace('1624388302', ''), 'stime'],
  ]
  for (const [line, verdict] of cases) assert.equal(strictly(line), verdict, line)
  const short = parseHeader(padded(LINE).subarray(0, 511), 'strict')
  assert.deepEqual(short, { ok: false, fault: { kind: 'header-too-short', bytes: 511 } })
})

test('a lenient reading does what ClamAV 1.4 does', () => {
  const read = (text: string) => {
    const parsed = parseHeader(Buffer.from(text, 'latin1'), 'lenient')
    return parsed.ok ? parsed.value : parsed.fault.kind
  }
  const plain = read(LINE)
  assert.ok(typeof plain === 'object')
  assert.deepEqual(read(`${LINE}\r\ngarbage`), plain)
  assert.deepEqual(read(`${LINE}   \0\0`), plain)
  assert.deepEqual(read(LINE.slice(0, LINE.lastIndexOf(':'))), { ...plain, builtAt: 1624388280 })
  assert.deepEqual(read(LINE.replace(':81:', ':81 or so:')), plain)
  assert.deepEqual(read(LINE.replace(':81:', ':none:')), { ...plain, functionalityLevel: 0 })
  const { md5: _md5, dsig: _dsig, ...unsigned } = plain
  assert.deepEqual(
    read(LINE.replace('a4ab60ae1c1c4e8f787459102dcfd90b:ttQeKz', 'none:X')),
    unsigned,
  )
  assert.equal(read('<html>'), 'header-too-short')
  assert.equal(read('<html>not a database</html>'), 'not-a-database')
  assert.equal(read('ClamAV-VDB:1:2'), 'header-field-count')
})

test('a header that was read strictly prints as it was', () => {
  const parsed = parseHeader(padded(LINE), 'strict')
  assert.ok(parsed.ok)
  assert.deepEqual(Buffer.from(printHeader(parsed.value)), padded(LINE))
})

test('both times of a header are compared to the minute', () => {
  const agree = (line: string) => {
    const parsed = parseHeader(padded(line), 'strict')
    return parsed.ok && buildTimesAgree(parsed.value)
  }
  assert.ok(agree(LINE))
  assert.ok(!agree(LINE.replace('1624388302', '1624388342')))
  assert.ok(!agree(LINE.replace('-0400', '+0400')))
})

test('law: a build time prints and reads as the same minute, in every zone', () => {
  const seconds = fc.integer({ min: 0, max: 0x7fff_ffff })
  fc.assert(
    fc.property(seconds, fc.integer({ min: -14 * 60, max: 14 * 60 }), (at, offset) => {
      assert.equal(parseBuildTime(printBuildTime(epochSeconds(at), offset)), at - (at % 60))
    }),
  )
})

test('law: no bytes make a reading throw, and what reads strictly reads leniently', () => {
  const nearly = fc
    .tuple(fc.nat(LINE.length - 1), fc.string())
    .map(([at, text]) => padded(LINE.slice(0, at) + text + LINE.slice(at + 1)))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), nearly), (bytes) => {
      const strict = parseHeader(bytes, 'strict')
      const lenient = parseHeader(bytes, 'lenient')
      if (strict.ok) assert.deepEqual(lenient, strict)
    }),
  )
})
