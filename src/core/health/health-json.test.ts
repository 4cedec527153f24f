import assert from 'node:assert/strict'
import { test } from 'node:test'
import { someHealth } from '../../../test/support/records.ts'
import { healthCodec } from './index.ts'

test('health is read again as it was printed, also of a mirror that was never good', () => {
  const health = someHealth(7)
  assert.deepEqual(healthCodec.parse(healthCodec.print(health)), { ok: true, value: health })
  const never = { addresses: [], freshAt: undefined, days: [] }
  assert.deepEqual(healthCodec.parse(healthCodec.print(never)), { ok: true, value: never })
})

test('a sight that is neither good nor bad, a fifteenth day, a serial that is none: refused with the place', () => {
  const health = someHealth()
  const [address] = health.addresses
  const [day] = health.days
  const faults = [
    { ...health, addresses: [{ ...address, last: { kind: 'odd' } }] },
    { ...health, days: [...health.days, day] },
    { ...health, addresses: [{ ...address, last: { ...address?.last, serial: -1 } }] },
  ].map((one) => healthCodec.parse(JSON.stringify(one)))
  assert.deepEqual(
    faults.map((read) => (read.ok ? 'read' : read.fault.path)),
    ['addresses[0].last.kind', 'days', 'addresses[0].last.serial'],
  )
})
