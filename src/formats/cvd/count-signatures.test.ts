import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SignatureCounter } from './count-signatures.ts'
import { IgnoredNames } from './ignored-names.ts'

const engine = () => ({ level: 216, ignored: new IgnoredNames() })

function countIn(member: string, text: string, pieceBytes = text.length): number {
  const counter = new SignatureCounter(member, engine())
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.byteLength; at += Math.max(1, pieceBytes)) {
    counter.push(bytes.subarray(at, at + Math.max(1, pieceBytes)))
  }
  counter.end()
  return counter.count
}

// The kinds of lines are compared with sigtool in `test/interop/build.test.ts`.
test('comments do not count, a last line without an end does', () => {
  assert.equal(countIn('a.hdb', '#\nh:1:A\n#h:1:B\nh:1:C'), 2)
})

test('a line for older or younger engines does not count', () => {
  assert.equal(countIn('a.hdb', 'h:1:A:217\nh:1:A:1:215\nh:1:A:216:216\n'), 1)
  assert.equal(countIn('a.ldb', 'A;Engine:217-255,Target:0;0;a\nB;Engine:51-255,Target:0;0;a\n'), 1)
})

test('members that hold no signatures count as none', () => {
  for (const member of ['a.cfg', 'a.ftm', 'a.wdb', 'a.crb', 'a.ign2', 'COPYING']) {
    assert.equal(countIn(member, 'one\ntwo\n'), 0, member)
  }
  assert.equal(countIn('1.cbc', 'ClamBC\nx\n'), 1)
})

test('law: how the bytes are cut changes nothing', () => {
  const text = 'A:0:*:ab\n#x\nB:0:*:cd:217\nC:15:*:ab\n\nD:*:*:00:1:300\r\nE:1:*:00'
  fc.assert(
    fc.property(fc.integer({ min: 1, max: text.length }), (piece) => {
      assert.equal(countIn('a.ndb', text, piece), countIn('a.ndb', text))
    }),
  )
})

test('law: no bytes make it throw, in any member', () => {
  const member = fc.constantFrom('a.hdb', 'a.ndb', 'a.ldb', 'a.cdb', 'a.pdb', 'a.db', 'a.ign2')
  fc.assert(
    fc.property(member, fc.string({ unit: 'binary' }), (name, text) => {
      countIn(name, text)
    }),
  )
})

test('a line of any length takes no more memory than a line may have', () => {
  const counter = new SignatureCounter('a.ndb', engine())
  const piece = Buffer.alloc(1024 * 1024, 'a')
  for (let times = 0; times < 600; times += 1) counter.push(piece)
  counter.end()
  assert.equal(counter.count, 0, 'its target is no number')
})
