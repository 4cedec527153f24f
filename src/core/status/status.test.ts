import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  after,
  aMirror,
  DAY_MS,
  goodSight,
  HOUR_MS,
  healthOf,
  issued,
  NO_ANSWER,
} from '../../../test/support/mirrors.ts'
import { HEALTH_POLICY } from '../health/index.ts'
import { type NetworkState, statusOf } from './status.ts'
import { statusInWords } from './words.ts'

const now = after(10 * DAY_MS)
const newest = { ...issued(now, 40), master: 'rsync1' }
const state: NetworkState = {
  zone: 'clamav.test',
  newest,
  announced: { serial: newest.serial, at: now },
  mirrors: [
    { record: aMirror('well'), health: healthOf(goodSight(newest), now) },
    {
      record: aMirror('dead', { stage: 'old', stageReason: 'x' }),
      health: healthOf(NO_ANSWER, now, { upSince: after(9 * DAY_MS) }),
    },
    {
      record: aMirror('new\u001b[2J', { stage: 'applied', stageReason: 'typed' }),
      health: undefined,
    },
  ],
  problems: [
    {
      key: 'mirror/dead',
      level: 'old',
      since: after(9 * DAY_MS),
      title: 'Mirror dead is marked old',
      lines: ['not available.'],
      mirror: 'dead',
      seenAt: after(9 * DAY_MS),
      lastAt: now,
      letters: ['a'.repeat(32)],
      lastLetterAt: now,
      toldLevel: 'old',
    },
  ],
  leases: [{ name: 'monitor', holder: 'monitor1', until: after(10 * DAY_MS + HOUR_MS) }],
  waiting: [{ queue: 'mail', count: 2, dueAt: now, reason: 'Cannot reach it' }],
}

test('a status says what is published, who has it, what is wrong since when, and what is next', () => {
  const lines = statusInWords(statusOf(state, HEALTH_POLICY, now))
  const text = lines.join('\n')
  for (const part of [
    'Release 1, generation 40 of 2026-03-12T00:00:00Z, by rsync1; release 1 is announced',
    'release 1: 1 mirror',
    'not available since 2026-03-11T00:00:00Z: connect to 192.0.2.1 port 80: refused',
    '! Mirror dead is marked old, since 2026-03-11T00:00:00Z',
    'monitor1 holds "monitor" until 2026-03-12T01:00:00Z',
    '2 in queue "mail", the next due 2026-03-12T00:00:00Z; the last try: Cannot reach it',
  ]) {
    assert.ok(text.includes(part), `${part}\n---\n${text}`)
  }
  for (const line of lines) assert.ok(!/\p{Cc}/u.test(line), line)
})

test('an empty network has a status too', () => {
  const empty = { ...state, newest: undefined, mirrors: [], problems: [], leases: [], waiting: [] }
  const text = statusInWords(statusOf(empty, HEALTH_POLICY, now)).join('\n')
  for (const part of ['Nothing is published yet.', 'No mirrors.', 'No problems.']) {
    assert.ok(text.includes(part), text)
  }
})

test('a mirror that lacks the newest release tells that its window is closed', () => {
  const how = (from: number, until: number, number: number) => {
    const push = { bandwidthKbit: undefined, window: { from, until } }
    const watched = {
      record: aMirror('quiet', { push }),
      health: healthOf(goodSight(issued(now, number)), now),
    }
    const { mirrors } = statusOf({ ...state, mirrors: [watched] }, HEALTH_POLICY, now)
    return mirrors[0]?.how ?? ''
  }
  assert.match(how(360, 420, 39), /; waits for its window, 06:00-07:00 UTC$/)
  assert.doesNotMatch(how(360, 420, 40), /waits/, 'it has it')
  assert.doesNotMatch(how(1350, 360, 39), /waits/, 'it is open at midnight')
})
