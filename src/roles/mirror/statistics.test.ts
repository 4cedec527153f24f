import assert from 'node:assert/strict'
import { appendFile, mkdtempDisposable, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { PlaceSource } from '#adapters/geoip/index.ts'
import { epochMs } from '#base/time.ts'
import { totalsCodec } from '#core/statistics/index.ts'
import { printLogLine } from '#formats/access-log/index.ts'
import { makeMmdb } from '../../../test/support/mmdb.ts'
import { eventually } from '../../../test/support/run.ts'
import { watchCountries } from './countries.ts'
import { Statistics } from './statistics.ts'

const signal = AbortSignal.timeout(30_000)
const NOON = Date.UTC(2026, 10, 24, 12)
const DAY = 86_400_000
const NO_PLACES = { kind: 'mmdb', file: '/nowhere/countries.mmdb' } as const
const LOOK_EVERY_MS = 10

function line(
  daysAgo: number,
  target: string,
  status: number,
  bytesSent: number,
  client = 1,
): string {
  const uuid = `fd49bb29-8689-41b4-bef4-${String(client).padStart(12, '0')}`
  const about = { method: 'GET', target, protocol: 'HTTP/1.1', status, bytesSent, referer: '' }
  const agent = `ClamAV/1.4.6 (OS: Linux, UUID: ${uuid})`
  return printLogLine({ at: epochMs(NOON - daysAgo * DAY), from: '203.0.113.77', ...about, agent })
}

function withoutPlaces(faults: readonly string[]): readonly string[] {
  return faults.filter((line) => !line.includes('countries.mmdb'))
}

async function world(source: PlaceSource = NO_PLACES) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-statistics-'))
  const log = join(folder.path, 'access.log')
  const stateFile = join(folder.path, 'statistics.json')
  let now = NOON
  const faults: string[] = []
  const onFault = (fault: string) => faults.push(fault)
  const countries = watchCountries(source, onFault, LOOK_EVERY_MS)
  await countries.first
  const load = () =>
    Statistics.load({
      mirror: 'mirror1',
      stateFile,
      logs: [log],
      daysKept: 30,
      clock: { now: () => epochMs(now), sleep: async () => {} },
      country: (address) => countries.of(address),
      onFault,
    })
  const days = async (statistics: Statistics) => {
    const page = statistics.page('statistics.json')
    const report: { days: { day: string; clients: number; requests: Record<string, number> }[] } =
      JSON.parse(page?.body ?? '')
    return report.days.map(({ day, clients, requests }) => [day, clients, requests['patch']])
  }
  return {
    log,
    stateFile,
    faults,
    load,
    days,
    wait: (ms: number) => {
      now += ms
    },
    countries,
    async [Symbol.asyncDispose]() {
      await countries[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test('old logs, today and what comes after a restart are one statistics', async () => {
  await using it = await world()
  await writeFile(`${it.log}.2.gz`, gzipSync(line(3, '/daily-27001.cdiff', 200, 20_000)))
  await writeFile(it.log, line(0, '/daily-27004.cdiff', 200, 20_000))
  const first = await it.load()
  await first.update(signal)
  await appendFile(it.log, line(0, '/daily-27004.cdiff', 200, 20_000, 2))
  const second = await it.load()
  await second.update(signal)
  await second.update(signal)
  assert.deepEqual(await it.days(second), [
    ['2026-11-21', 1, 1],
    ['2026-11-24', 2, 2],
  ])
  assert.equal(second.page('')?.contentType, 'text/html; charset=utf-8')
  assert.match(second.page('')?.body ?? '', /<svg /)
  const totals = totalsCodec.parse(second.page('totals.json')?.body ?? '')
  assert.deepEqual(totals.ok && totals.value.days.at(-1), {
    day: '2026-11-24',
    bytes: 40_000,
    requests: 2,
    clients: 2,
  })
  assert.equal(second.page('other'), undefined)
  assert.deepEqual(withoutPlaces(it.faults), [])
})

test('when a day is over, its salt and hashes go, and its numbers stay', async () => {
  await using it = await world()
  await writeFile(it.log, line(0, '/daily-27004.cdiff', 200, 20_000))
  const statistics = await it.load()
  await statistics.update(signal)
  assert.equal((await stat(it.stateFile)).mode & 0o777, 0o600)
  const open = await readFile(it.stateFile, 'utf8')
  assert.match(open, /"salts":\[\["2026-11-24"/)
  assert.doesNotMatch(open, /203\.0\.113|fd49bb29/)
  it.wait(3 * DAY)
  await rename(it.log, `${it.log}.1`)
  await statistics.update(signal)
  const closed = JSON.parse(await readFile(it.stateFile, 'utf8'))
  assert.deepEqual([closed.salts, closed.open, closed.closed.length], [[], [], 1])
  assert.deepEqual(await it.days(await it.load()), [['2026-11-24', 1, 1]])
})

test('a log that is not there, or stays broken, is told once', async () => {
  await using it = await world()
  const statistics = await it.load()
  for (let round = 0; round < 3; round += 1) await statistics.update(signal)
  assert.deepEqual(withoutPlaces(it.faults), [`log "${it.log}": not found`])
  await writeFile(it.log, line(0, '/daily.cvd', 304, 0))
  await writeFile(`${it.log}.1.gz`, gzipSync('one line\n').subarray(0, 24))
  for (let round = 0; round < 3; round += 1) await statistics.update(signal)
  assert.match(withoutPlaces(it.faults)[1] ?? '', /1\.gz": unexpected end of file/)
  assert.equal(withoutPlaces(it.faults).length, 2)
})

test('nothing is written while nothing comes', async () => {
  await using it = await world()
  await writeFile(it.log, line(0, '/daily.cvd', 304, 0))
  const statistics = await it.load()
  await statistics.update(signal)
  const { ino } = await stat(it.stateFile)
  await statistics.update(signal)
  assert.equal((await stat(it.stateFile)).ino, ino)
  await appendFile(it.log, line(0, '/daily.cvd', 304, 0))
  await statistics.update(signal)
  assert.notEqual((await stat(it.stateFile)).ino, ino)
})

test('a state that is not ours is told, and the logs are counted anew', async () => {
  await using it = await world()
  await writeFile(it.stateFile, '{"version":1,"closed":')
  await writeFile(it.log, line(0, '/daily-27004.cdiff', 200, 20_000))
  const statistics = await it.load()
  await statistics.update(signal)
  assert.match(withoutPlaces(it.faults)[0] ?? '', /is no statistics: starting anew/)
  assert.deepEqual(await it.days(statistics), [['2026-11-24', 1, 1]])
})

test('clients are counted by country; without data of places each is "other", which is said once', async () => {
  await using places = await mkdtempDisposable(join(tmpdir(), 'cvdnet-places-'))
  const file = join(places.path, 'countries.mmdb')
  await using it = await world({ kind: 'mmdb', file })
  const countriesOfToday = async () => {
    const statistics = await it.load()
    await statistics.update(signal)
    return JSON.parse(statistics.page('statistics.json')?.body ?? '').days.at(-1).clientsByCountry
  }
  await writeFile(it.log, line(0, '/daily-27004.cdiff', 200, 20_000))
  assert.deepEqual(await countriesOfToday(), { other: 1 })
  assert.equal(it.faults.length, 1)
  assert.match(it.faults[0] ?? '', /countries\.mmdb.*; every client's country is "other"$/)
  await writeFile(`${file}.new`, makeMmdb({ '203.0.113.0/24': 'DE' }))
  await rename(`${file}.new`, file)
  await eventually(async () => assert.equal(it.countries.of('203.0.113.77'), 'DE'))
  assert.equal(it.countries.of('2001:db8::1'), 'other')
  await appendFile(it.log, line(0, '/daily-27004.cdiff', 200, 20_000, 2))
  assert.deepEqual(await countriesOfToday(), { other: 1, DE: 1 })
  assert.equal(it.faults.length, 1)
})
