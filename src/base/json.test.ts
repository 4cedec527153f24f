import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  branded,
  byKind,
  describeJsonFault,
  flag,
  type JsonReader,
  jsonCodec,
  listOf,
  object,
  oneOf,
  optional,
  parseJson,
  text,
  whole,
} from './json.ts'
import { serial } from './names.ts'

const reader = object({
  name: text(5),
  count: whole(0, 9),
  isOut: flag,
  place: optional(object({ x: whole(-1, 1) })),
  list: listOf(oneOf(['a', 'b']), 2),
  serial: branded(serial, 'a serial'),
  last: byKind({ good: { at: whole(0, 9) }, bad: { why: text() } }),
})
const good = {
  name: 'five5',
  count: 9,
  isOut: false,
  place: { x: -1 },
  list: ['a', 'b'],
  serial: 7,
  last: { kind: 'bad', why: 'x' },
}

test('what is whole is read as it is, and a key that JSON left out comes back as undefined', () => {
  assert.deepEqual(parseJson(JSON.stringify(good), reader), { ok: true, value: good })
  const { place: _, ...rest } = good
  const codec = jsonCodec(reader)
  assert.deepEqual(codec.parse(JSON.stringify(rest)), {
    ok: true,
    value: { ...good, place: undefined },
  })
})

const FAULTS: readonly (readonly [string, object, RegExp])[] = [
  ['a missing key', { name: undefined }, /^name is not a text/],
  ['a key too many', { more: 1 }, /^more is not a known key/],
  ['a text that is too long', { name: 'sixsix' }, /^name is not a text of at most 5/],
  ['a number as a text', { count: '1' }, /^count is not a whole number from 0 to 9/],
  ['a number out of bounds', { count: 10 }, /^count /],
  ['a broken number', { count: 0.5 }, /^count /],
  ['1 for true', { isOut: 1 }, /^isOut is not true or false/],
  ['null for an absent key', { place: null }, /^place is not an object/],
  ['a fault deep inside', { place: { x: 2 } }, /^place\.x is not a whole number/],
  ['an element that is none of the choices', { list: ['a', 'c'] }, /^list\[1\] is not one of a, b/],
  ['a list that is too long', { list: ['a', 'a', 'a'] }, /^list is not a list of at most 2/],
  ['an object for a list', { list: {} }, /^list /],
  ['a number that its maker refuses', { serial: -1 }, /^serial is not a serial/],
  ['an unknown kind', { last: { kind: 'ugly' } }, /^last\.kind is not one of good, bad/],
  ['a key of another kind', { last: { kind: 'good', why: 'x' } }, /^last\.why is not a known key/],
  ['an inherited name as kind', { last: { kind: 'constructor' } }, /^last\.kind /],
]

for (const [situation, change, words] of FAULTS) {
  test(`refused with its path: ${situation}`, () => {
    const read = parseJson(JSON.stringify({ ...good, ...change }), reader)
    assert.match(read.ok ? 'read' : describeJsonFault(read.fault), words)
  })
}

test('what is no JSON, or no object, is refused without a path', () => {
  for (const given of ['', '{', '1', 'null', '[]', '{"__proto__":{"name":"x"}}']) {
    const read = parseJson(given, reader)
    assert.ok(!read.ok, given)
  }
  const anything: JsonReader<unknown> = (value) => ({ ok: true, value })
  assert.deepEqual(parseJson('{', anything), {
    ok: false,
    fault: { path: '', wanted: 'a JSON document' },
  })
})
