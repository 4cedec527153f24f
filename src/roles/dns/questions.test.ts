import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import { EMPTY_TABLE } from '#core/places/index.ts'
import { explain } from '#core/zone/index.ts'
import { aSnapshot, NOW } from '../../../test/support/zone.ts'
import { explainAsked, whereIs } from './index.ts'

/** As a node explains, from a snapshot that stands still. */
const node = {
  explain: (address: string, name = 'database.clamav.example') => {
    const client = whereIs(address, EMPTY_TABLE, EMPTY_TABLE)
    return client && explain(aSnapshot(), client, name, epochSeconds(NOW))
  },
}

test('a question names its client, and the name where it is not the usual one', () => {
  const asked = explainAsked(
    node,
    new URLSearchParams('client=2001:db8::7&name=db.de.clamav.example'),
  )
  assert.ok(asked.ok)
  assert.equal(asked.value.name, 'db.de.clamav.example')
  assert.equal(asked.value.client.address, '2001:db8::7')
  const usual = explainAsked(node, new URLSearchParams('client=192.0.2.1'))
  assert.ok(usual.ok)
  assert.equal(usual.value.name, 'database.clamav.example')
})

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['', /^client is missing/],
  ['client=', /^client is no address: ""$/],
  ['client=192.0.2.256', /^client is no address: "192\.0\.2\.256"$/],
  ['client=192.0.2.1&client=192.0.2.2', /^client is there twice$/],
  ['client=192.0.2.1&nome=a', /^there is no parameter "nome"$/],
  [`client=192.0.2.1&name=${'a'.repeat(64)}.example`, /^name is no domain name: "a+\.example"$/],
]
for (const [query, reason] of REFUSED) {
  test(`"?${query.slice(0, 40)}" is refused with a reason`, () => {
    const asked = explainAsked(node, new URLSearchParams(query))
    assert.ok(!asked.ok)
    assert.match(asked.fault, reason)
  })
}
