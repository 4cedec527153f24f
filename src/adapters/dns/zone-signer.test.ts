import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import { dnsName, internetRecord, type ResourceRecord, txt } from '#formats/dns-message/index.ts'
import { assertSigned } from '../../../test/support/validator.ts'
import { NOW } from '../../../test/support/zone.ts'
import { aZoneKey } from '../../../test/support/zone-keys.ts'
import { newCounters } from './counters.ts'
import { ZoneSigner } from './zone-signer.ts'

const ZONE = dnsName('clamav.example')
const KEY = aZoneKey(1, { published: epochSeconds(0), activated: epochSeconds(0) })
const DAY = 86_400

function signer(signaturesPerSecond = 1000) {
  const counters = newCounters()
  const made = new ZoneSigner(ZONE, { keys: [KEY], signaturesPerSecond }, counters)
  made.follow(NOW)
  return { signer: made, counters }
}

function text(words: string): readonly ResourceRecord[] {
  return [internetRecord(dnsName('text', ZONE), 60, txt(words))]
}

test('a clock that is set back leaves no signature that has not begun', () => {
  const it = signer()
  assert.equal(it.signer.follow(epochSeconds(NOW + 3 * DAY)), false)
  it.signer.sign(text('one'), 'known', (NOW + 3 * DAY) * 1000)
  assert.equal(it.signer.follow(epochSeconds(NOW + 3 * DAY - 1000)), false, 'begun all the same')
  assert.equal(it.signer.follow(NOW), true)
  const signed = it.signer.sign(text('one'), 'known', NOW * 1000)
  assertSigned(signed?.records ?? [], [KEY.publicKey], NOW)
})

test('the budget is by time: who waits is served, and some is left for what is needed more', () => {
  const it = signer(100)
  const count = (purpose: 'known' | 'stranger' | 'renewal', nowMs: number) => {
    const before = it.counters.signatures
    for (let at = 0; at < 200; at += 1)
      it.signer.sign(text(`${purpose} ${nowMs} ${at}`), purpose, nowMs)
    return it.counters.signatures - before
  }
  const start = NOW * 1000
  assert.equal(it.signer.hasSpare(start), true)
  assert.equal(count('renewal', start), 50)
  assert.equal(it.signer.hasSpare(start), false)
  assert.equal(count('stranger', start), 25)
  assert.equal(count('known', start), 25)
  assert.equal(count('known', start), 0)
  assert.equal(count('known', start + 100), 10)
  assert.equal(count('known', start + 60_000), 100, 'no more than for a second is saved')
})

test('what was used last is kept longest, and what was signed is found again', () => {
  const it = signer(1_000_000)
  it.signer.sign(text('ours'), 'stranger', NOW * 1000)
  for (let at = 0; at < 5000; at += 1) {
    it.signer.sign(text(String(at)), 'stranger', NOW * 1000)
    if (at % 1000 === 0) it.signer.sign(text('ours'), 'stranger', NOW * 1000)
  }
  assert.equal(it.counters.signatures, 5001)
  assert.equal(it.signer.signaturesKept, 4096)
})
