import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import { aName, aSerial, aVersion } from '../../../test/support/values.ts'
import {
  type DatabaseFile,
  legacyDue,
  legacyFiles,
  planRelease,
  type Release,
  type ReleaseFile,
} from './index.ts'

const at = epochSeconds(1_700_000_000)
const later = epochSeconds(1_700_009_000)

function database(name: string, version: number): DatabaseFile {
  const base = {
    path: `${name}.cvd`,
    bytes: 1000,
    sha256: `${name} ${version}`,
    builtAt: at,
    datedAt: at,
  }
  return { kind: 'database', name: aName(name), version: aVersion(version), ...base }
}

function other(kind: 'patch' | 'signature', path: string, version: number): ReleaseFile {
  const base = { path, bytes: 10, sha256: path, datedAt: at }
  return { kind, name: aName('daily'), version: aVersion(version), ...base }
}

function plan(current: Release | undefined, files: readonly ReleaseFile[]): Release {
  return planRelease(current, { files, drop: [] }, aSerial((current?.serial ?? 0) + 1), at)
}

function due(current: Release | undefined, ...files: readonly ReleaseFile[]): string[] {
  return [...legacyDue(current, files)].map(([side, { version }]) => `${side} ${version}`)
}

function legacyOf(file: string, source: DatabaseFile, sha256: string, current?: Release) {
  const written = { path: `/made/${file}`, bytes: 5, sha256 }
  return legacyFiles(written, source, { current, publishedAt: later })
}

test('legacy files are due with main and daily, only for the one that changed, and again when they failed', () => {
  const [main, daily] = [database('main', 3), database('daily', 7)]
  assert.deepEqual(due(undefined, main), [])
  assert.deepEqual(due(undefined, main, daily), ['main 3', 'daily 7'])
  const before = plan(undefined, [
    ...[main, daily],
    ...legacyOf('viruses.db', main, 'm'),
    ...legacyOf('viruses.db2', daily, 'd'),
  ])
  assert.deepEqual(due(before, database('daily', 8)), ['daily 8'])
  assert.deepEqual(due(before, database('acme', 1)), [])
  const failed = plan(before, [database('main', 4)])
  assert.deepEqual(due(failed, database('acme', 1)), [])
  assert.deepEqual(due(failed, database('daily', 8)), ['main 4', 'daily 8'])
})

test('a legacy file stands at the root and below database/, dated by publication, and keeps its date while it stays', () => {
  const main = database('main', 3)
  const files = legacyOf('viruses.db', main, 'm')
  assert.deepEqual(
    files.map(({ path, datedAt, name, version }) => [path, datedAt, name, version]),
    [
      ['viruses.db', later, 'main', 3],
      ['database/viruses.db', later, 'main', 3],
    ],
  )
  const old = files.map((file) => ({ ...file, datedAt: at }))
  const [same] = legacyOf('viruses.db', database('main', 4), 'm', plan(undefined, old))
  assert.deepEqual([same?.datedAt, same?.version], [at, 4])
  const [fresh] = legacyOf('viruses.db', database('main', 4), 'n', plan(undefined, old))
  assert.equal(fresh?.datedAt, later)
})

test('a signature goes with what it signs', () => {
  const first = plan(undefined, [
    database('daily', 7),
    other('patch', 'daily-7.cdiff', 7),
    other('signature', 'daily-7.cvd.sign', 7),
    other('signature', 'daily-7.cdiff.sign', 7),
  ])
  assert.equal(first.files.size, 4)
  const second = plan(first, [database('daily', 8)])
  assert.deepEqual([...second.files.keys()].sort(), [
    'daily-7.cdiff',
    'daily-7.cdiff.sign',
    'daily.cvd',
  ])
  const third = planRelease(second, { files: [], drop: ['daily-7.cdiff'] }, aSerial(3), at)
  assert.deepEqual([...third.files.keys()], ['daily.cvd'])
})
