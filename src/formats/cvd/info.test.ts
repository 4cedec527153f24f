import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseInfo, printInfo } from './index.ts'

const HEADER = 'ClamAV-VDB:22 Jun 2021 14-58 -0400:1:0:81:X:X:micasnyd:1624388302\n'
const SHA256 = '0748b843a1cea3242d70531083b84f877d8de398cfefe65509b5d3bb1e3bcb57'
const NDB = `test.ndb:240:${SHA256}\n`
const DSIG = 'DSIG:TFd9RBeu\n'

function reading(text: string): string {
  const parsed = parseInfo(Buffer.from(text, 'latin1'))
  return parsed.ok ? 'good' : parsed.fault.kind
}

test('a list of members is read with what its signature is about', () => {
  const read = parseInfo(Buffer.from(`${HEADER}${NDB}${DSIG}`))
  assert.ok(read.ok)
  assert.equal(read.value.signedBytes, HEADER.length + NDB.length)
  assert.equal(read.value.info.dsig, 'TFd9RBeu')
  assert.deepEqual(read.value.info.members, [{ name: 'test.ndb', bytes: 240, sha256: SHA256 }])
  assert.equal(printInfo(read.value.info), `${HEADER}${NDB}${DSIG}`)
})

test('a list of members is refused with the reason', () => {
  const cases: readonly (readonly [string, string])[] = [
    [`${HEADER}${NDB}`, 'good'],
    ['', 'info-not-ended'],
    [`${HEADER}${NDB}${DSIG}`.slice(0, -1), 'info-not-ended'],
    [`nonsense\n${NDB}`, 'info-bad-header'],
    [`${HEADER}${NDB}${NDB}`, 'info-member-twice'],
    [`${HEADER}${NDB}${DSIG}${NDB}`, 'info-text-after-signature'],
    [`${HEADER}${NDB}${DSIG}\n`, 'info-text-after-signature'],
    [`${HEADER}\n${NDB}`, 'info-bad-line'],
    [`${HEADER}../${NDB}`, 'info-bad-line'],
    [`${HEADER}${NDB.replace('240', '0240')}`, 'info-bad-line'],
    [`${HEADER}${NDB.replace('0748', '074')}`, 'info-bad-line'],
    [`${HEADER}${NDB.toUpperCase()}`, 'info-bad-line'],
    [`${HEADER}${NDB}DSIG:\n`, 'info-bad-line'],
  ]
  for (const [text, verdict] of cases) assert.equal(reading(text), verdict, text)
})

test('law: no bytes make the reader throw, and what it takes it prints back', () => {
  const line = fc.oneof(fc.constantFrom(NDB, DSIG, '\n'), fc.string())
  const nearly = fc
    .array(line, { maxLength: 4 })
    .map((lines) => Buffer.from(HEADER + lines.join('')))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), nearly), (bytes) => {
      const read = parseInfo(bytes)
      if (read.ok) assert.equal(printInfo(read.value.info), Buffer.from(bytes).toString('latin1'))
    }),
  )
})
