import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochMs } from '#base/time.ts'
import { applied } from './application.ts'
import type { MirrorRecord } from './record.ts'
import { downtimeAt, type MirrorEvent, step } from './step.ts'

const NOW = epochMs(1_772_409_600_000)
const HOUR_MS = 3_600_000
const at = (hours: number) => epochMs(NOW + hours * HOUR_MS)
const LOGIN = { user: 'fra1', password: 'secret' }
const FRA1: MirrorRecord = {
  ...applied(
    {
      name: 'fra1',
      host: '193.0.6.1',
      addresses: ['193.0.6.1'],
      httpPort: 80,
      sshPort: 22,
      account: 'clamavdb',
      hostKey: undefined,
      aliases: [],
      country: 'DE',
      region: 'europe',
      bandwidthMbit: 100,
      admin: undefined,
    },
    NOW,
  ),
  stage: 'listed',
  rsyncLogin: LOGIN,
}

function must(record: MirrorRecord, event: MirrorEvent, now = NOW): MirrorRecord {
  const next = step(record, event, now)
  assert.ok(next.ok, next.ok ? '' : next.fault)
  return next.value
}

function refusal(record: MirrorRecord, event: MirrorEvent, now = NOW): string {
  const next = step(record, event, now)
  assert.ok(!next.ok)
  return next.fault
}

test('a login is issued once, ends with a refusal, and is another one after that', () => {
  const again = { kind: 'approve', login: { user: 'fra1', password: 'other' } } as const
  const first = must(
    { ...FRA1, stage: 'checked', rsyncLogin: undefined },
    {
      kind: 'approve',
      login: LOGIN,
    },
  )
  assert.deepEqual([first.stage, first.rsyncLogin], ['credentials', LOGIN])
  const tested: MirrorRecord = { ...first, stage: 'tested', hostKey: 'ssh-ed25519 AAAA' }
  assert.equal(must(tested, again).rsyncLogin, LOGIN)
  assert.equal(must(tested, { kind: 'refuse', reason: 'no' }).rsyncLogin, undefined)
})

test('nobody is listed without a pinned host key', () => {
  const tested: MirrorRecord = { ...FRA1, stage: 'tested' }
  assert.match(refusal(tested, { kind: 'approve', login: LOGIN }), /no pinned ssh host key/)
})

test('a check of a mirror in service changes nothing that the monitor said', () => {
  const old: MirrorRecord = { ...FRA1, stage: 'old', stageReason: 'stale for 26 hours' }
  assert.equal(must(old, { kind: 'check-bad', reason: 'port 80 is closed' }, at(1)), old)
  const waits: MirrorRecord = { ...FRA1, stage: 'credentials' }
  const bad = must(waits, { kind: 'check-bad', reason: 'port 80 is closed' }, at(1))
  assert.deepEqual([bad.stageReason, bad.stageSince], ['port 80 is closed', NOW])
})

test('a downtime lies over the stage, and ends early by a resume', () => {
  const downtime = { from: at(1), until: at(5), reason: 'new disks' }
  const paused = must(FRA1, { kind: 'pause', downtime })
  assert.equal(paused.stage, 'listed')
  assert.equal(downtimeAt(paused, NOW), undefined)
  assert.equal(downtimeAt(paused, at(1)), downtime)
  assert.equal(downtimeAt(paused, at(5)), undefined)
  const resumed = must(paused, { kind: 'resume' }, at(2))
  assert.deepEqual(resumed.downtimes, [{ ...downtime, until: at(2) }])
  assert.deepEqual(must(paused, { kind: 'resume' }, NOW).downtimes, [])
  assert.match(refusal(resumed, { kind: 'resume' }, at(3)), /has no downtime/)
})

const IMPOSSIBLE: readonly (readonly [string, number, number, RegExp])[] = [
  ['ends before it begins', 2, 1, /not after the beginning/],
  ['is over', -3, -1, /has passed/],
  ['lasts for ever', 1, 24 * 61, /more than 60 days/],
  ['is in another year', 24 * 400, 24 * 401, /more than a year ahead/],
  ['overlaps another one', 4, 6, /resume it first/],
]
for (const [situation, from, until, reason] of IMPOSSIBLE) {
  test(`a downtime that ${situation} is refused`, () => {
    const downtimes = [{ from: at(1), until: at(5), reason: 'new disks' }]
    const downtime = { from: at(from), until: at(until), reason: 'x' }
    assert.match(refusal({ ...FRA1, downtimes }, { kind: 'pause', downtime }), reason)
  })
}

test('what ended three months ago is forgotten with the next one', () => {
  const downtimes = [{ from: at(-3000), until: at(-2900), reason: 'long ago' }]
  const downtime = { from: NOW, until: at(1), reason: 'now' }
  assert.deepEqual(must({ ...FRA1, downtimes }, { kind: 'pause', downtime }).downtimes, [downtime])
})
