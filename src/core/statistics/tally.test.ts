import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { epochMs, epochSeconds } from '#base/time.ts'
import { supportOf } from './engines.ts'
import { hitOf } from './hit.ts'
import { reportJson, reportPage } from './report-page.ts'
import { parseStatistics, printStatistics } from './state.ts'
import { joinDays } from './sum.ts'
import { closeDay, type Sighting, Tally } from './tally.ts'

const NOON = Date.UTC(2026, 10, 24, 12)
const MINUTE = 60_000
const DAY = 86_400_000
const agent = (uuid: number, version = '1.4.6') =>
  `ClamAV/${version} (OS: Linux, ARCH: x86_64, CPU: x86_64, UUID: fd49bb29-8689-41b4-bef4-${String(uuid).padStart(12, '0')})`

const hash = (day: string, identity: string) =>
  createHash('sha256').update(`salt${day}${identity}`).digest('base64url').slice(0, 12)

function asked(target: string, more: Partial<Sighting> = {}): Sighting {
  const about = { method: 'GET', status: 200, bytesSent: 1000, agent: agent(1), from: '192.0.2.7' }
  return { at: epochMs(NOON), target, ...about, ...more }
}

test('whole, patch, check, 304, missing and turned away are told apart', () => {
  const of = (target: string, status: number, bytesSent: number) =>
    hitOf(asked(target, { status, bytesSent })).outcome
  assert.equal(of('/daily.cvd', 200, 60_000_000), 'whole')
  assert.equal(of('//daily.cvd?x', 206, 512), 'check')
  assert.equal(of('/daily.cvd', 206, 4_000_000), 'whole')
  assert.equal(of('/daily.cvd', 304, 0), 'not-modified')
  assert.equal(of('/daily-27001.cdiff', 200, 20_000), 'patch')
  assert.equal(of('/daily-27001.cdiff', 404, 10), 'missing')
  assert.equal(of('/daily.cvd', 503, 10), 'turned-away')
  assert.equal(of('/daily.cvd', 429, 10), 'turned-away')
  assert.equal(of('/timestamp', 200, 40), 'other')
  assert.equal(of('/daily-27001.cvd.sign', 200, 40), 'other')
})

test('whoever asks for the head alone has fetched neither a database nor a patch', () => {
  const head = (target: string) => hitOf(asked(target, { method: 'HEAD', bytesSent: 0 }))
  assert.deepEqual(head('/daily.cvd'), { outcome: 'check', database: 'daily', version: undefined })
  assert.equal(head('/daily-27001.cdiff').outcome, 'check')
  assert.equal(head('/timestamp').outcome, 'other')
})

test('a day is counted: bytes, databases, clients by engine and version, and the monitor is left out', () => {
  const tally = new Tally({
    hash,
    country: (address) => (address.startsWith('192') ? 'DE' : undefined),
  })
  tally.add(asked('/daily-27001.cdiff'))
  tally.add(asked('/daily-27002.cdiff', { at: epochMs(NOON + 1000) }))
  tally.add(asked('/daily.cvd', { status: 304, bytesSent: 0, agent: agent(2, '0.103.8') }))
  tally.add(asked('/main.cvd', { bytesSent: 5_000, agent: 'clamav/0.70', from: '198.51.100.1' }))
  tally.add(asked('/timestamp', { agent: 'ClamAV-MirrorCheck/1' }))
  tally.add(asked('/index.html', { agent: 'Mozilla/5.0' }))
  tally.add(asked('/constructor.cvd', { agent: agent(3) }))
  const [open] = tally.days.values()
  assert.ok(open)
  const day = closeDay(open)
  assert.equal(day.day, '2026-11-24')
  assert.deepEqual(day.bytesByDatabase, { daily: 2000, main: 5000, constructor: 1000 })
  assert.deepEqual(day.clientsByEngine, { '1.4.6': 2, '0.103': 1, '0.70': 1 })
  assert.deepEqual(day.clientsByVersion, { 'daily 27002': 1 })
  assert.deepEqual(day.clientsByCountry, { DE: 3 })
  assert.deepEqual([day.clients, day.requests.patch, day.requests.other], [4, 2, 1])
})

test('visits of one client are apart by what lies between them', () => {
  const tally = new Tally({ hash })
  for (const minute of [0, 0.5, 5, 65, 66]) {
    tally.add(asked('/daily.cvd', { at: epochMs(NOON + minute * MINUTE), status: 304 }))
  }
  const [open] = tally.days.values()
  assert.deepEqual(open?.intervals['under 10 min'], 1)
  assert.deepEqual(open?.intervals['1–2 h'], 1)
})

test('no address and no UUID is in what is kept, shown or told', () => {
  const tally = new Tally({ hash })
  tally.add(asked('/daily.cvd', { from: '203.0.113.77' }))
  const open = [...tally.days.values()]
  const kept = printStatistics({ closed: open.map(closeDay), open, salts: new Map(), cursors: [] })
  const report = { mirror: 'm', madeAt: epochSeconds(NOON / 1000), days: open.map(closeDay) }
  for (const text of [kept, reportPage(report), reportJson(report)]) {
    assert.doesNotMatch(text, /203\.0\.113|fd49bb29/)
  }
})

test('what is kept is read back, and goes on where it was', () => {
  const first = new Tally({ hash })
  first.add(asked('/daily-27001.cdiff'))
  const open = [...first.days.values()]
  const kept = parseStatistics(
    printStatistics({ closed: [], open, salts: new Map([['2026-11-24', 's']]), cursors: [] }),
  )
  assert.ok(kept.ok)
  const second = new Tally({ hash })
  for (const day of kept.value.open) second.resume(day)
  second.add(asked('/daily-27002.cdiff', { at: epochMs(NOON + 1000) }))
  const [day] = [...second.days.values()].map(closeDay)
  assert.deepEqual([day?.clients, day?.clientsByVersion], [1, { 'daily 27002': 1 }])
  for (const text of ['', '{}', 'null', '[]', '{"version":2}'])
    assert.equal(parseStatistics(text).ok, false)
})

test('invented names do not fill the memory, and are escaped', () => {
  const tally = new Tally({ hash })
  for (let n = 0; n < 1000; n++) tally.add(asked(`/x${n}.cvd`))
  const [open] = tally.days.values()
  assert.ok(open)
  assert.equal(Object.keys(open.bytesByDatabase).length, 201)
  const hostile = { mirror: '<script>', madeAt: epochSeconds(0), days: [closeDay(open)] }
  assert.doesNotMatch(reportPage(hostile), /<script>/)
})

test('a year of logs read at once holds the clients of two days, and loses no request', () => {
  const tally = new Tally({ hash: (_, identity) => identity })
  const [days, clients] = [12, 30_000]
  for (let day = 0; day < days; day++) {
    for (let n = 0; n < clients; n++) {
      tally.add(asked('/daily.cvd', { at: epochMs(NOON + day * DAY), agent: agent(n) }))
    }
  }
  const remembered = [...tally.days.values()].reduce((sum, day) => sum + day.clients.size, 0)
  assert.ok(remembered <= 200_000, `${remembered} clients are remembered`)
  const all = joinDays(tally.closed, [...tally.days.values()].map(closeDay))
  assert.deepEqual(
    all.map((day) => [day.clients, day.requests.whole]),
    Array.from({ length: days }, () => [clients, clients]),
  )
})

test('the page tells of when the ends of life are', () => {
  const tally = new Tally({ hash })
  tally.add(asked('/daily.cvd'))
  const days = [...tally.days.values()].map(closeDay)
  assert.match(
    reportPage({ mirror: 'm', madeAt: epochSeconds(0), days }),
    /noted here in November 2026/,
  )
})

test('engines have their end of life', () => {
  assert.equal(supportOf('1.4.6', '2026-11-24'), 'supported')
  assert.equal(supportOf('1.5.1', '2026-11-24'), 'supported')
  assert.equal(supportOf('1.0.9', '2026-11-24'), 'ended')
  assert.equal(supportOf('0.103', '2026-11-24'), 'ended')
  assert.equal(supportOf('20030720', '2026-11-24'), 'ended')
  assert.equal(supportOf('cvdupdate', '2026-11-24'), 'unknown')
})
