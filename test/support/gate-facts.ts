import assert from 'node:assert/strict'
import { epochMs, epochSeconds } from '#base/time.ts'
import {
  type DatabaseFacts,
  judge,
  type PatchFacts,
  type Releaser,
  type SetFacts,
  type SignatureFacts,
} from '#core/gate/index.ts'
import type { Release, ReleaseFile } from '#core/release/index.ts'
import { aName, aSerial, aVersion } from './values.ts'

/** Uploads for the gate's tests: good ones, to be changed in one point. */

export const BUILT = 1_700_000_000
export const now = epochMs((BUILT + 3600) * 1000)
export const alice: Releaser = {
  name: 'alice',
  keys: ['ssh-ed25519 AAAA'],
  databases: ['daily', 'acme'],
}
export const NOTHING: SetFacts = {
  databases: [],
  patches: [],
  sets: [],
  strangers: [],
  unlisted: [],
  signatures: [],
}

export function database(change: Partial<DatabaseFacts> = {}): DatabaseFacts {
  return {
    file: 'daily.cvd',
    bytes: 1000,
    sha256: 'new',
    name: aName('daily'),
    header: {
      version: aVersion(8),
      builtAt: epochSeconds(BUILT + 600),
      builtAtInWords: epochSeconds(BUILT + 570),
      sha256: 'head',
    },
    members: ['COPYING', 'daily.info', 'daily.ndb'],
    signedBy: 'ClamAV',
    zerosLost: [],
    faults: [],
    ...change,
  }
}

export function header(
  change: Partial<NonNullable<DatabaseFacts['header']>>,
): Partial<DatabaseFacts> {
  const { header: good } = database()
  assert.ok(good)
  return { header: { ...good, ...change } }
}

export function patch(change: Partial<PatchFacts> = {}): PatchFacts {
  return {
    file: 'daily-8.cdiff',
    bytes: 400,
    sha256: 'patch',
    name: aName('daily'),
    version: aVersion(8),
    signedBy: 'ClamAV',
    zerosLost: false,
    faults: [],
    leads: { kind: 'yes' },
    ...change,
  }
}

export function signature(change: Partial<SignatureFacts> = {}): SignatureFacts {
  const of = change.of ?? 'daily-8.cvd'
  const verdict = { kind: 'good', signer: 'CN' } as const
  return { file: `${of}.sign`, bytes: 5000, sha256: 'sign', of, verdict, ...change }
}

export function published(...files: readonly ReleaseFile[]): Release {
  return {
    serial: aSerial(4),
    publishedAt: epochSeconds(BUILT),
    files: new Map(files.map((file) => [file.path, file])),
  }
}

export const dailySeven: ReleaseFile = {
  kind: 'database',
  path: 'daily.cvd',
  bytes: 900,
  sha256: 'old',
  name: aName('daily'),
  version: aVersion(7),
  builtAt: epochSeconds(BUILT),
  datedAt: epochSeconds(BUILT),
}

export function reasonsOf(
  facts: Partial<SetFacts>,
  release: Release | undefined,
  who = alice,
  about: Parameters<typeof judge>[4] = {},
): string[] {
  const verdict = judge({ ...NOTHING, ...facts }, who, release, now, about)
  return verdict.kind === 'refused' ? verdict.reasons.map(({ kind }) => kind) : []
}
