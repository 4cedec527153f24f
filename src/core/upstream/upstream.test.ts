import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochMs } from '#base/time.ts'
import { aName, aVersion } from '../../../test/support/values.ts'
import { describeFollowEnd, type FollowEnd, isFailing, problemOf } from './follow-end.ts'
import {
  emptyMemory,
  failingSince,
  isRefused,
  untilNextLook,
  upstreamMemoryCodec,
  withRefused,
  withResult,
} from './memory.ts'

const at = epochMs
const HOUR = 3_600_000
const NAME = aName('daily')

test('what was refused is left alone until its time, and a hundred of them are kept', () => {
  let memory = withRefused(emptyMemory('x'), { header: 'a', until: at(10) }, at(0))
  assert.deepEqual([isRefused(memory, 'a', at(9)), isRefused(memory, 'a', at(10))], [true, false])
  assert.equal(isRefused(memory, 'b', at(9)), false)
  for (let n = 0; n < 200; n += 1) {
    memory = withRefused(memory, { header: `${n}`, until: at(1000) }, at(20))
  }
  assert.equal(memory.refused.length, 100)
  assert.ok(isRefused(memory, '199', at(20)) && !isRefused(memory, '0', at(20)))
  const read = upstreamMemoryCodec.parse(upstreamMemoryCodec.print(memory))
  assert.ok(read.ok)
  assert.deepEqual(read.value, memory)
  assert.equal(upstreamMemoryCodec.parse('{"follows":1}').ok, false)
})

test('a name fails since the first look at which it could not be had, until one at which it could', () => {
  const first = withResult(emptyMemory('x'), 'daily', true, at(5))
  const second = withResult(first, 'daily', true, at(9))
  assert.equal(failingSince(second, 'daily'), 5)
  assert.equal(failingSince(second, 'main'), undefined)
  assert.equal(failingSince(withResult(second, 'daily', false, at(11)), 'daily'), undefined)
})

test('the next look comes after its time; at once for who never looked, and for a clock that was put back', () => {
  assert.equal(untilNextLook({ lookedAt: at(100) }, 50, at(120)), 30)
  assert.equal(untilNextLook({ lookedAt: at(100) }, 50, at(200)), 0)
  assert.equal(untilNextLook({ lookedAt: undefined }, 50, at(0)), 0)
  assert.equal(untilNextLook({ lookedAt: at(100) }, 50, at(20)), 0)
})

const REFUSED: FollowEnd = {
  kind: 'refused',
  version: aVersion(7),
  header: 'abcdef0123456789',
  by: 'gate',
  reasons: ['daily.cvd: not so'],
}

test('a refusal is a problem at once, by its content, and goes with better content', () => {
  const found = problemOf(NAME, REFUSED, undefined, at(5))
  assert.ok(found.kind === 'stands')
  assert.equal(found.problem.key, 'upstream/daily')
  assert.equal(found.problem.level, 'refused 7 abcdef01')
  assert.equal(found.problem.lines[0], 'daily.cvd: not so')
  assert.equal(problemOf(NAME, { kind: 'held' }, undefined, at(6)).kind, 'unchanged')
  const current: FollowEnd = { kind: 'up-to-date', version: aVersion(7) }
  assert.equal(problemOf(NAME, current, undefined, at(6)).kind, 'over')
})

test('what cannot be had is a problem after six hours', () => {
  const end: FollowEnd = { kind: 'unreached', reasons: ['status 403'] }
  assert.equal(problemOf(NAME, end, at(0), at(6 * HOUR - 1)).kind, 'unchanged')
  const found = problemOf(NAME, end, at(0), at(6 * HOUR))
  assert.ok(found.kind === 'stands')
  assert.deepEqual([found.problem.level, found.problem.since], ['failing', 0])
  const tired: FollowEnd = { kind: 'left-alone', seconds: 60 }
  const other = problemOf(NAME, tired, at(0), at(7 * HOUR))
  assert.ok(other.kind === 'stands')
  assert.match(other.problem.lines.join(), /left alone for 60 seconds/)
})

test('nothing is said where nothing happened', () => {
  assert.equal(describeFollowEnd(NAME, { kind: 'held' }), undefined)
  assert.equal(isFailing(REFUSED), false)
  assert.equal(
    describeFollowEnd(NAME, REFUSED),
    'daily 7 is refused, and left alone for 24 hours: daily.cvd: not so',
  )
})
