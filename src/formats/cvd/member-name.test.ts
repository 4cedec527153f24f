import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selectMembers } from './member-name.ts'

test('a folder’s files are packed in sigtool’s order, and what is not this database’s is left out', () => {
  const files = 'x.ndb COPYING x.cdb x.info x.yar other.ndb x.cfg x.hdb x.cbc x.NDB a.x.ndb'.split(
    ' ',
  )
  assert.deepEqual(selectMembers('x', files), {
    members: ['x.cfg', 'x.hdb', 'x.ndb', 'x.cdb'],
    leftOut: ['a.x.ndb', 'other.ndb', 'x.NDB', 'x.cbc', 'x.yar'],
  })
})

test('a bytecode database holds every program, sorted, and last.hdb', () => {
  const files = ['last.hdb', 'b.cbc', 'A.cbc', 'bytecode.ndb', 'COPYING']
  assert.deepEqual(selectMembers('bytecode', files), {
    members: ['A.cbc', 'b.cbc', 'last.hdb'],
    leftOut: ['bytecode.ndb'],
  })
})
