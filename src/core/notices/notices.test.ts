import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { toSeconds } from '#base/time.ts'
import { after, aMirror, DAY_MS, HOUR_MS, MINUTE_MS, START } from '../../../test/support/mirrors.ts'
import { aName, aSerial, aVersion } from '../../../test/support/values.ts'
import type { StandingProblem } from '../health/index.ts'
import type { Downtime } from '../mirrors/index.ts'
import type { Release } from '../release/index.ts'
import { dutiesBetween, dutyLetter } from './duty.ts'
import { atomFeed } from './feed.ts'
import { type Letter, oneLine } from './letter.ts'
import { letterCodec } from './letter-json.ts'
import { NOTICE_POLICY, type OpenProblem, reviewProblems } from './problem.ts'
import { releasedBetween, releaseLetter } from './release.ts'

const zone = 'clamav.test'

function problem(key: string, level = 'old', since = START): StandingProblem {
  const mirror = key.startsWith('mirror/') ? key.slice('mirror/'.length) : undefined
  return { key, level, since, title: `Trouble with ${key}`, lines: ['It fails.'], mirror }
}

/** Reviews every ten minutes; what stands is told by time. */
function live(ms: number, standing: (at: number) => readonly StandingProblem[]) {
  let open: readonly OpenProblem[] = []
  const letters: Letter[] = []
  for (let at = 0; at <= ms; at += 10 * MINUTE_MS) {
    const context = { zone, policy: NOTICE_POLICY, now: after(at) }
    const review = reviewProblems(open, standing(at), context)
    open = review.open
    letters.push(...review.letters)
  }
  return { open, letters }
}

test('a problem that stands until later is told, and over then, though nobody finds it meanwhile', () => {
  const lastAt = after(2 * HOUR_MS)
  const told = { letters: [], lastLetterAt: undefined, toldLevel: undefined }
  let open: readonly OpenProblem[] = [
    { ...problem('upstream/daily'), seenAt: START, lastAt, ...told },
  ]
  const subjects: string[] = []
  for (let at = 0; at <= 3 * HOUR_MS; at += 10 * MINUTE_MS) {
    const review = reviewProblems(open, [], { zone, policy: NOTICE_POLICY, now: after(at) })
    open = review.open
    subjects.push(...review.letters.map((letter) => `${at / HOUR_MS} ${letter.subject}`))
  }
  assert.deepEqual(subjects, [
    `${1 / 6} [clamav.test] Trouble with upstream/daily`,
    '2.5 [clamav.test] Over: Trouble with upstream/daily',
  ])
  assert.deepEqual(open, [])
})

test('a problem is one thread: warning, worse, still, over', () => {
  const { letters, open } = live(5 * DAY_MS, (at) =>
    at < 3 * DAY_MS ? [problem('mirror/a', at < 2 * DAY_MS ? 'old' : 'removed')] : [],
  )
  assert.deepEqual(
    letters.map(({ subject, at }) => `${(at - START) / HOUR_MS} ${subject}`),
    [
      `${1 / 6} [clamav.test] Trouble with mirror/a`,
      `${24 + 1 / 6} [clamav.test] Still: Trouble with mirror/a`,
      '48 [clamav.test] Trouble with mirror/a',
      `${72 + 1 / 3} [clamav.test] Over: Trouble with mirror/a`,
    ],
  )
  const ids = letters.map(({ id }) => id)
  assert.equal(new Set(ids).size, 4)
  assert.deepEqual(
    letters.map(({ thread }) => thread),
    [[], ids.slice(0, 1), ids.slice(0, 2), ids.slice(0, 3)],
  )
  assert.deepEqual(letters[0]?.to, [
    { kind: 'list', list: 'team' },
    { kind: 'operator', mirror: 'a' },
  ])
  assert.deepEqual(open, [])
})

test('what is over at once is not said, and what comes and goes is said once', () => {
  assert.deepEqual(live(DAY_MS, (at) => (at === 0 ? [problem('mirror/a')] : [])).letters, [])
  const flapping = live(20 * HOUR_MS, (at) =>
    (at / (10 * MINUTE_MS)) % 3 === 0 ? [problem('observer/blind')] : [],
  )
  assert.equal(flapping.letters.length, 1)
})

test('a flood is throttled, and what concerns everybody goes first', () => {
  const many = Array.from({ length: 500 }, (_, at) => problem(`mirror/m${at}`))
  const { letters } = live(HOUR_MS, () => [...many, problem('network/held')])
  assert.equal(letters.length, NOTICE_POLICY.lettersPerHourMax)
  assert.match(letters[0]?.subject ?? '', /network\/held/)
})

test('the same letter made anew has the same id', () => {
  const once = live(HOUR_MS, () => [problem('mirror/a')]).letters[0]
  const again = live(HOUR_MS, () => [problem('mirror/a')]).letters[0]
  assert.equal(once?.id, again?.id)
  assert.ok(once !== undefined)
  assert.deepEqual(letterCodec.parse(letterCodec.print(once)), { ok: true, value: once })
})

// Field-notes 4: hostile text in operator fields.
test('law: nothing that anybody types ends a line or turns the direction of a subject', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const line = oneLine(text)
      assert.ok(!/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(line))
      assert.ok(line.length <= 120)
    }),
  )
  const evil = 'a\r\nBcc: everybody@example\r\n\r\n<script>'
  const downtime = { from: START, until: after(DAY_MS), reason: evil }
  const letter = dutyLetter({ kind: 'downtime', mirror: 'm', downtime }, zone, START)
  assert.ok(!letter.subject.includes('\n'))
  assert.ok(!/^Bcc/m.test(letter.text))
  const feed = atomFeed(zone, [letter])
  assert.ok(!feed.includes('<script'))
  assert.ok(feed.includes('&lt;script&gt;'))
})

test('the feed has what concerns everybody, newest first, and no worries of the team', () => {
  const joined = { kind: 'joined', mirror: 'new1', country: 'FR' } as const
  const left = { kind: 'left', mirror: 'old1', country: 'DE' } as const
  const worry = live(HOUR_MS, () => [problem('mirror/secret')]).letters
  const feed = atomFeed(zone, [
    dutyLetter(joined, zone, after(1000)),
    dutyLetter(left, zone, after(5000)),
    ...worry,
  ])
  assert.ok(feed.indexOf('old1') < feed.indexOf('new1'))
  assert.ok(!feed.includes('secret'))
  assert.ok(feed.includes('<updated>2026-03-02T00:00:05Z</updated>'))
})

test('duties follow from what changed in the registry', () => {
  const before = aMirror('a', { stage: 'tested', hostKey: 'ssh-ed25519 AAAA' })
  const downtime = { from: START, until: after(DAY_MS), reason: 'disks' }
  const now = aMirror('a', {
    downtimes: [downtime],
    addresses: ['192.0.2.2'],
    hostKey: 'ssh-ed25519 BBBB',
  })
  assert.deepEqual(
    dutiesBetween(before, now).map(({ kind }) => kind),
    ['downtime', 'addresses', 'host-key', 'joined'],
  )
  assert.deepEqual(dutiesBetween(now, now), [])
  const other = { ...downtime, from: after(2 * DAY_MS), until: after(3 * DAY_MS) }
  const kinds = (from: readonly Downtime[], to: readonly Downtime[]) =>
    dutiesBetween({ ...now, downtimes: from }, { ...now, downtimes: to }).map((duty) => duty.kind)
  assert.deepEqual(kinds([downtime], [{ ...downtime, until: after(1) }]), ['downtime-over'])
  assert.deepEqual(kinds([downtime, other], [downtime]), ['downtime-over'])
  assert.deepEqual(kinds([downtime], [other]), ['downtime'], 'an old one is forgotten silently')
  const applicant = aMirror('a', { stage: 'credentials' })
  const moved = { ...applicant, addresses: ['192.0.2.2'] }
  assert.deepEqual(dutiesBetween(applicant, moved), [])
  assert.deepEqual(dutiesBetween(applicant, { ...moved, stage: 'retired' }), [])
})

test('a release tells which databases became newer and which signatures came', () => {
  const file = (version: number) =>
    ({
      kind: 'database',
      path: 'daily.cvd',
      bytes: 1,
      sha256: '',
      name: aName('daily'),
      version: aVersion(version),
      builtAt: toSeconds(START),
      datedAt: toSeconds(START),
    }) as const
  const release = (serial: number, version: number): Release => ({
    serial: aSerial(serial),
    publishedAt: toSeconds(START),
    files: new Map([['daily.cvd', file(version)]]),
  })
  const changed = releasedBetween(release(1, 5), release(2, 6))
  assert.deepEqual(changed, [{ name: 'daily', version: 6, before: 5, changes: [] }])
  const told = changed.map((one) => ({ ...one, changes: ['1 added, 0 dropped, 0 changed.'] }))
  const letter = releaseLetter(release(2, 6), told, zone, START)
  assert.equal(letter?.subject, '[clamav.test] daily 6')
  assert.match(letter?.text ?? '', /daily 6 \(was 5\)\n {2}1 added/)
  assert.equal(releaseLetter(release(2, 6), [], zone, START), undefined)
})
