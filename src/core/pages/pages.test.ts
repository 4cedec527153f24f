import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochSeconds, toSeconds } from '#base/time.ts'
import {
  after,
  aMirror,
  DAY_MS,
  goodSight,
  healthOf,
  issued,
  MINUTE_MS,
  NO_ANSWER,
  START,
} from '../../../test/support/mirrors.ts'
import { aName, aSerial, aVersion } from '../../../test/support/values.ts'
import { dayOf, HEALTH_POLICY, type Watched } from '../health/index.ts'
import { indexPage } from './index-page.ts'
import { mirrorsPage, pageMirrors, type Traffic } from './mirrors-page.ts'
import { pointerPushAt } from './pointer-push.ts'

const at = epochSeconds(1_700_000_000)

test('the index names every database with version and date, and shows a local logo', () => {
  const file = {
    kind: 'database',
    path: 'daily.cvd',
    bytes: 1_234_567,
    sha256: 'ab',
    name: aName('daily'),
    version: aVersion(27_001),
    builtAt: at,
    datedAt: at,
  } as const
  const release = { serial: aSerial(7), publishedAt: at, files: new Map([[file.path, file]]) }
  const html = indexPage('clamav.test', release, at, new Map())
  for (const text of ['daily.cvd', '27001', '1 234 567', '2023-11-14 22:13', 'local_logo.png']) {
    assert.ok(html.includes(text), text)
  }
  assert.ok(!html.includes('<script'))
})

const now = after(20 * DAY_MS)
const newest = issued(now, 80)
const seen = { newest, now, policy: HEALTH_POLICY }

const NO_TRAFFIC: ReadonlyMap<string, Traffic> = new Map()

function pageOf(watched: readonly Watched[], madeAt = now, traffic = NO_TRAFFIC): string {
  const mirrors = pageMirrors(watched, seen.newest, seen.policy, seen.now)
  return mirrorsPage({ zone: 'clamav.test', mirrors, newest, traffic, madeAt: toSeconds(madeAt) })
}

// field-notes 4: hostile text in operator fields on the status page.
test('what an operator typed is shown as text, never as markup', () => {
  const evil = '"><script>alert(1)</script>\u202e\u0007'
  const record = aMirror(evil, { host: evil, country: evil, stage: 'old', stageReason: evil })
  const downtimes = [{ from: START, until: after(30 * DAY_MS), reason: evil }]
  const html = pageOf([
    { record, health: undefined },
    { record: { ...record, downtimes }, health: undefined },
  ])
  assert.ok(!html.includes('<script'))
  assert.ok(!/\p{Cf}/u.test(html))
  assert.ok(html.includes('&lt;script&gt;'))
})

test('R114: the page says of every mirror how it is, since when, and what is wrong', () => {
  const html = pageOf([
    { record: aMirror('well'), health: healthOf(goodSight(newest), now) },
    {
      record: aMirror('dead'),
      health: healthOf(NO_ANSWER, now, { upSince: after(19 * DAY_MS) }),
    },
    {
      record: aMirror('late', { stage: 'old', stageReason: 'its timestamp is 1d older' }),
      health: undefined,
    },
    {
      record: aMirror('gone', { stage: 'removed', stageReason: 'not available' }),
      health: undefined,
    },
    { record: aMirror('applicant', { stage: 'applied' }), health: undefined },
  ])
  const row = (name: string) => html.split('<tr>').find((one) => one.includes(`<b>${name}</b>`))
  assert.match(row('well') ?? '', /Germany[\s\S]*state up">serving/)
  assert.match(row('dead') ?? '', /not answering[\s\S]*refused[\s\S]*2026-03-21 00:00/)
  assert.match(row('late') ?? '', /state old">old[\s\S]*1d older/)
  assert.match(row('gone') ?? '', /off the list[\s\S]*not available/)
  assert.equal(row('applicant'), undefined)
  assert.ok(!html.includes('<script'))
  assert.ok(html.includes('As it was at 2026-03-22T00:00:00Z'))
})

test('a page does not change with every look, or it would be pushed for ever', () => {
  const health = (goodInARow: number, good: number) => ({
    ...healthOf(goodSight(newest), now, { goodInARow }),
    days: [{ day: dayOf(now), good, bad: 0, worst: 'good' as const }],
  })
  const [one, other] = [health(5, 10), health(6, 11)].map((each) =>
    pageOf([{ record: aMirror('a'), health: each }]),
  )
  assert.equal(one, other)
})

test('changes of pages travel together, at most once in ten minutes, and with whatever goes anyway', () => {
  const policy = { settleMs: MINUTE_MS, apartMs: 10 * MINUTE_MS }
  const at = (changed: number | undefined, pushed: number | undefined) => {
    const due = pointerPushAt(
      changed === undefined ? undefined : after(changed * MINUTE_MS),
      pushed === undefined ? undefined : after(pushed * MINUTE_MS),
      policy,
    )
    return due === undefined ? undefined : (due - START) / MINUTE_MS
  }
  assert.equal(at(undefined, 5), undefined)
  assert.equal(at(7, undefined), 8)
  assert.equal(at(7, 5), 15)
  assert.equal(at(70, 5), 71)
  assert.equal(at(7, 9), undefined)
})

test('traffic is shown where it is offered, and summed for the network', () => {
  const watched = ['open', 'shy'].map((name) => ({ record: aMirror(name), health: undefined }))
  const traffic = new Map([['open', { day: 1_200_000_000, month: 30_000_000_000 }]])
  const html = pageOf(watched, now, traffic).replaceAll('\u00a0', ' ')
  assert.match(html, /<b>1\.2 GB<\/b>sent yesterday/)
  assert.match(html, /<b>30 GB<\/b>in thirty days/)
  assert.match(html, /open<\/b>.*>1\.2 GB<span class="why">30 GB in thirty days<\/span>/)
  assert.match(html, /shy<\/b>.*>–<\/td><\/tr>/)
  assert.ok(!pageOf(watched).includes('yesterday'))
})
