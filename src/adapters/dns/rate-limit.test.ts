import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIpPrefix } from '#base/ip-address.ts'
import { EDNS_OPTION, RCODE } from '#formats/dns-message/index.ts'
import { decoded, query } from '../../../test/support/dns-client.ts'
import { NOW_MS, PEER, respond } from '../../../test/support/responder.ts'
import { addresses, aSetup } from '../../../test/support/zone.ts'
import { Responder } from './index.ts'

const cookieQuery = (bytes: Uint8Array) =>
  query('db.test.clamav.example', 'A', { options: [{ code: EDNS_OPTION.COOKIE, bytes }] })

test('RFC 7873: whoever sends a cookie gets his, and with it is not limited', () => {
  const responder = new Responder(aSetup({ rateLimit: { perSecond: 1, slip: 0 } }))
  const client = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8])
  const first = decoded(respond(responder, cookieQuery(client)))
  const cookie = first.edns?.options[0]?.bytes ?? new Uint8Array()
  assert.equal(cookie.byteLength, 24)
  for (let number = 0; number < 50; number += 1) {
    assert.equal(decoded(respond(responder, cookieQuery(cookie))).answer.length, 8)
  }
  assert.equal(responder.counters.goodCookies, 50)
  respond(responder, cookieQuery(client))
  const limited = decoded(respond(responder, cookieQuery(client)))
  assert.equal(limited.rcode, RCODE.BADCOOKIE)
  assert.equal(limited.edns?.options[0]?.bytes.byteLength, 24)
  const stolen = respond(responder, cookieQuery(cookie), {
    peer: addresses('198.51.100.8')[0] ?? PEER,
  })
  assert.equal(decoded(stolen).rcode, RCODE.BADCOOKIE)
})

test('a network that asks the same too often gets every second time a short answer, others all', () => {
  const responder = new Responder(aSetup({ rateLimit: { perSecond: 10, slip: 2 } }))
  const ask = (peer = PEER, nowMs = NOW_MS) =>
    respond(responder, query('db.test.clamav.example', 'A'), { peer, nowMs })
  const answers = Array.from({ length: 120 }, () => ask())
  const full = answers.filter((answer) => answer !== undefined && decoded(answer).answer.length > 0)
  const short = answers.filter((answer) => answer !== undefined && decoded(answer).truncated)
  assert.equal(full.length, 20)
  assert.equal(short.length, 50)
  assert.equal(responder.counters.limited, 100)
  assert.equal(decoded(ask(addresses('198.51.101.7')[0])).answer.length, 8)
  const tcp = respond(responder, query('db.test.clamav.example', 'A'), { transport: 'tcp' })
  assert.equal(decoded(tcp).answer.length, 8)
  assert.equal(decoded(ask(PEER, NOW_MS + 1000)).answer.length, 8)
})

test('an operator’s own networks are not limited', () => {
  const prefix = parseIpPrefix('198.51.100.0/24')
  assert.ok(prefix)
  const responder = new Responder(
    aSetup({ rateLimit: { perSecond: 1, slip: 0 }, unlimited: [prefix] }),
  )
  for (let number = 0; number < 50; number += 1) {
    assert.ok(respond(responder, query('clamav.example', 'SOA')))
  }
})
