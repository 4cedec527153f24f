import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dbVersion, generation, parseDbName, serial } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import type { Release, ReleaseFile } from '../release/index.ts'
import {
  decideForcedUpdate,
  describeBehind,
  mayFollow,
  parsePeerWord,
  printPeerWord,
} from './index.ts'

function must<T>(value: T | undefined): T {
  assert.ok(value !== undefined)
  return value
}

function name(text: string) {
  const parsed = parseDbName(text)
  assert.ok(parsed.ok)
  return parsed.value
}

function release(number: number, files: Record<string, number>): Release {
  const entries = Object.entries(files).map(([path, version]): [string, ReleaseFile] => {
    const [stem = '', suffix = ''] = path.split('.')
    const base = {
      path,
      bytes: 1,
      sha256: '00',
      datedAt: epochSeconds(1),
      name: name(stem.split('-')[0] ?? ''),
      version: must(dbVersion(version)),
    }
    if (suffix === 'cvd') return [path, { ...base, kind: 'database', builtAt: epochSeconds(1) }]
    if (suffix === 'cdiff') return [path, { ...base, kind: 'patch' }]
    return [path, { ...base, kind: suffix === 'set' ? 'set' : 'plain' }]
  })
  return { serial: must(serial(number)), publishedAt: epochSeconds(1), files: new Map(entries) }
}

const head = (files: Record<string, number>) => ({ release: release(7, files), master: 'rsync2' })

test('the first release follows nothing', () => {
  assert.deepEqual(mayFollow(undefined, release(1, {})), { ok: true, value: undefined })
})

for (const { title, there, here, lost } of [
  { title: 'the same again', there: { 'daily.cvd': 2 }, here: { 'daily.cvd': 2 }, lost: [] },
  { title: 'newer', there: { 'daily.cvd': 2 }, here: { 'daily.cvd': 3 }, lost: [] },
  {
    title: 'a version down',
    there: { 'daily.cvd': 2 },
    here: { 'daily.cvd': 1 },
    lost: ['daily.cvd'],
  },
  {
    title: 'another database that only the other master has',
    there: { 'daily.cvd': 2, 'main.cvd': 5 },
    here: { 'daily.cvd': 3 },
    lost: ['main.cvd'],
  },
  {
    title: 'patches come and go',
    there: { 'daily.cvd': 2, 'daily-2.cdiff': 2 },
    here: { 'daily.cvd': 2 },
    lost: [],
  },
  {
    title: 'a plain file vanishes',
    there: { 'acme.set': 4, 'acme.ndb': 4 },
    here: { 'acme.set': 4 },
    lost: ['acme.ndb'],
  },
  {
    title: 'a newer set dropped it',
    there: { 'acme.set': 4, 'acme.ndb': 4 },
    here: { 'acme.set': 5 },
    lost: [],
  },
]) {
  test(`R105: after a release that cannot be fetched: ${title}`, () => {
    const verdict = mayFollow(head(there), release(8, here))
    assert.deepEqual(verdict.ok ? [] : verdict.fault.lost.map(({ path }) => path), lost)
  })
}

test('the refusal names the master, the release, and what would be lost', () => {
  const verdict = mayFollow(head({ 'daily.cvd': 9, 'main.cvd': 5 }), release(8, { 'daily.cvd': 8 }))
  assert.ok(!verdict.ok)
  const words = describeBehind(verdict.fault)
  assert.match(words, /rsync2 has release 7/)
  assert.match(words, /daily\.cvd would go from 9 to 8, main\.cvd would vanish/)
})

const peer = (given: Partial<Parameters<typeof decideForcedUpdate>[0]['peers'][number]>) => ({
  name: 'rsync2',
  isOut: false,
  serial: serial(5),
  reason: undefined,
  ...given,
})

for (const { title, own, headSerial, peers, kind, alarm } of [
  { title: 'alone', own: 5, headSerial: 5, peers: [], kind: 'everything', alarm: undefined },
  {
    title: 'peer in reach',
    own: 5,
    headSerial: 5,
    peers: [peer({})],
    kind: 'everything',
    alarm: undefined,
  },
  {
    title: 'peer behind',
    own: 5,
    headSerial: 5,
    peers: [peer({ serial: serial(4) })],
    kind: 'everything',
    alarm: undefined,
  },
  {
    title: 'R104: peer out of reach',
    own: 5,
    headSerial: 5,
    peers: [peer({ serial: undefined, reason: 'connection refused' })],
    kind: 'freshness',
    alarm: /rsync2 \(connection refused\)/,
  },
  {
    title: 'peer known to be away',
    own: 5,
    headSerial: 5,
    peers: [peer({ serial: undefined, isOut: true })],
    kind: 'everything',
    alarm: undefined,
  },
  {
    title: 'R105: itself behind',
    own: 4,
    headSerial: 5,
    peers: [peer({})],
    kind: 'nothing',
    alarm: /release 4 and rsync2 has 5/,
  },
  {
    title: 'itself behind, and the peer away',
    own: 4,
    headSerial: 5,
    peers: [peer({ serial: undefined, isOut: true })],
    kind: 'nothing',
    alarm: /no automatic update/,
  },
  {
    title: 'a peer ahead of the store',
    own: 5,
    headSerial: 5,
    peers: [peer({ serial: serial(6) })],
    kind: 'nothing',
    alarm: /rsync2 says it has release 6/,
  },
]) {
  test(`the six-hourly run, ${title}: ${kind}`, () => {
    const update = decideForcedUpdate({
      own: must(serial(own)),
      head: { serial: must(serial(headSerial)), master: 'rsync2' },
      peers,
    })
    assert.equal(update.kind, kind)
    if (alarm !== undefined) assert.match('alarm' in update ? update.alarm : '', alarm)
  })
}

test('what a master says to another reads back, and nothing else does', () => {
  const word = { name: 'rsync1', serial: must(serial(3)), generation: must(generation(12)) }
  assert.deepEqual(parsePeerWord(printPeerWord(word)), { ok: true, value: word })
  for (const line of [
    '',
    'cvdnet-peer rsync1 serial 3 generation 9999999999',
    'cvdnet-peer rsync1 serial -3 generation 4',
    'cvdnet-peer rsync1 serial 3 generation 4\n',
    'cvdnet-peer ../x serial 3 generation 4',
    `cvdnet-peer ${'a'.repeat(64)} serial 3 generation 4`,
  ]) {
    assert.equal(parsePeerWord(line).ok, false, JSON.stringify(line))
  }
})
