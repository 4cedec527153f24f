import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import { aName, aSerial, aVersion } from '../../../test/support/values.ts'
import { aSnapshot, NOW } from '../../../test/support/zone.ts'
import { dnsFile, updateRecordText } from './index.ts'

const { announced } = aSnapshot()
assert.ok(announced)

function announcing(daily: number, serial = 7) {
  assert.ok(announced)
  const versions = new Map([...announced.versions, [aName('daily'), aVersion(daily)] as const])
  return { ...announced, serial: aSerial(serial), versions }
}

test('dns.txt says what the name servers say', () => {
  const file = dnsFile(undefined, announced, NOW)
  assert.equal(file, '1.4.6:63:27100:1795488000:0:90:49192:339\n')
  assert.equal(file, `${updateRecordText({ announced }, epochSeconds(NOW - (NOW % 300)))}\n`)
})

test('nothing announced is no file, and what was told stays, with a new time', () => {
  assert.equal(dnsFile(undefined, undefined, NOW), undefined)
  assert.equal(dnsFile('no record\n', undefined, NOW), undefined)
  const before = dnsFile(undefined, announced, NOW)
  const later = epochSeconds(NOW + 3600)
  assert.equal(dnsFile(before, undefined, later), dnsFile(undefined, announced, later))
})

test('promise 2: no version in it goes down, whatever the store says', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (told) => {
      let file: string | undefined
      let newest = 0
      for (const daily of told) {
        file = dnsFile(file, announcing(daily), NOW)
        newest = Math.max(newest, daily)
        assert.equal(file?.split(':')[2], String(newest))
      }
    }),
  )
})

test('a database that was withdrawn is gone from it', () => {
  assert.ok(announced)
  const versions = new Map([...announced.versions].filter(([name]) => name !== 'bytecode'))
  const before = dnsFile(undefined, announced, NOW)
  assert.match(dnsFile(before, { ...announced, versions }, NOW) ?? '', /:0\n$/)
})
