import { type EpochMs, rfc3339 } from '#base/time.ts'
import { databaseVersions, type Release } from '../release/index.ts'
import { type Letter, letterId, letterText, oneLine } from './letter.ts'

/** One database or plain set that a release made newer. */
export interface ReleasedDatabase {
  readonly name: string
  readonly version: number
  /** Undefined: it is new. */
  readonly before: number | undefined
  /** Which signatures came and went, in lines (see `core/changes`). None: not known. */
  readonly changes: readonly string[]
}

/** What became newer between two releases, without which signatures they are. */
export function releasedBetween(
  before: Release | undefined,
  after: Release,
): readonly ReleasedDatabase[] {
  const old = databaseVersions(before)
  return [...databaseVersions(after)]
    .filter(([name, version]) => old.get(name) !== version)
    .map(([name, version]) => ({ name, version, before: old.get(name), changes: [] }))
    .toSorted((a, b) => a.name.localeCompare(b.name))
}

/** R6–R9: each release posts its changes to the announcement list. Undefined where nothing became newer. */
export function releaseLetter(
  release: Release,
  databases: readonly ReleasedDatabase[],
  zone: string,
  at: EpochMs,
): Letter | undefined {
  if (databases.length === 0) return undefined
  const names = databases.map(({ name, version }) => `${name} ${version}`).join(', ')
  const paragraphs = databases.flatMap(({ name, version, before, changes }) => [
    before === undefined ? `${name} ${version} is new.` : `${name} ${version} (was ${before})`,
    ...changes.map((line) => `  ${line}`),
    '',
  ])
  return {
    id: letterId('release', zone, release.serial),
    thread: [],
    to: [{ kind: 'list', list: 'virusdb' }],
    at,
    subject: oneLine(`[${zone}] ${names}`),
    text: letterText(zone, [
      ...paragraphs,
      `Release ${release.serial}, published ${rfc3339(release.publishedAt)}.`,
    ]),
  }
}
