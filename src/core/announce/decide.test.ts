import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochMs } from '#base/time.ts'
import { aSerial } from '../../../test/support/values.ts'
import { decideAnnouncement, describeSpread, type MirrorSight } from './index.ts'

const MINUTE = 60_000
/** `a100+` serves the release, `a100-` the one before, `a100?` is asleep. */
function sights(text: string): readonly MirrorSight[] {
  return text.split(' ').map((one) => {
    const [, name = '', bandwidth, mark] = /^([a-z])(\d+)([+?-])$/.exec(one) ?? []
    const serial = aSerial(mark === '+' ? 8 : 7)
    return { name, bandwidthMbit: Number(bandwidth), healthy: mark !== '?', serial }
  })
}

const CASES: readonly (readonly [string, string, number, string])[] = [
  ['all serve it', 'a100+ b100+ c100+', 0, 'announce'],
  ['60 % of the bandwidth', 'a100+ b100+ c100+ d100- e100-', 0, 'announce'],
  ['less than 60 %', 'a100+ b100+ c100- d100-', 0, 'wait'],
  ['one that holds nearly all is not two', 'a900+ b100- c100-', 0, 'wait'],
  ['the only mirror there is', 'a100+', 0, 'announce'],
  ['the only one that is awake', 'a100+ b100? c100?', 0, 'announce'],
  ['sleepers do not block', 'a100+ b100+ c900?', 0, 'announce'],
  ['a sleeper that had it does not help', 'a100- b100- c900?', 0, 'wait'],
  ['a third is not enough at 29 minutes', 'a100+ b100- c100-', 29, 'wait'],
  ['a third is enough at 30 minutes', 'a100+ b100- c100-', 30, 'announce-late'],
  ['a quorum that comes late needs no alarm', 'a100+ b100+ c100-', 45, 'announce'],
  ['less than a third holds', 'a100+ b100- c100- d100-', 45, 'hold'],
  ['nobody is awake', 'a100? b100?', 45, 'hold'],
]
for (const [situation, mirrors, minutes, kind] of CASES) {
  test(`promise 4, decision 4: ${situation}: ${kind}`, () => {
    const waiting = { serial: aSerial(8), since: epochMs(0), announced: aSerial(7) }
    const verdict = decideAnnouncement(waiting, sights(mirrors), epochMs(minutes * MINUTE))
    assert.equal(verdict.kind, kind)
    if ('spread' in verdict) assert.match(describeSpread(verdict.spread), /healthy mirror/)
  })
}

test('what is announced is not announced again, and never taken back', () => {
  for (const announced of [8, 9]) {
    const waiting = { serial: aSerial(8), since: epochMs(0), announced: aSerial(announced) }
    assert.equal(decideAnnouncement(waiting, sights('a100+ b100+'), epochMs(0)).kind, 'done')
  }
})
