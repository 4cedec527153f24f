import { rfc3339 } from '#base/time.ts'
import { type Changes, changesInWords } from '#core/changes/index.ts'
import type { SetFacts } from '#core/gate/index.ts'
import { printPushWindow } from '#core/push/index.ts'
import type { ReleaseFile } from '#core/release/index.ts'
import type { PushEvent } from './push-line.ts'

/** What the sigmaker reads on his terminal. One place, so that it stays one voice. */

export function describeSet(facts: SetFacts): string[] {
  const databases = facts.databases.map((one) => {
    const signed = one.signedBy === undefined ? '' : `, signed by ${one.signedBy}`
    const inside = one.header === undefined ? 'no readable header' : `version ${one.header.version}`
    const built = one.header === undefined ? '' : `, built ${rfc3339(one.header.builtAt)}`
    return `${one.file}: ${count(one.bytes)} bytes, ${inside}${built}${signed}`
  })
  const patches = facts.patches.map((one) => `${one.file}: ${count(one.bytes)} bytes`)
  const signatures = facts.signatures.map(({ file, bytes, verdict }) => {
    const signed = verdict.kind === 'good' ? `, signed by ${verdict.signer}` : ''
    return `${file}: ${count(bytes)} bytes${signed}`
  })
  const sets = facts.sets.map(
    (one) => `${one.file}: version ${one.version ?? '?'} of ${one.files.length} plain file(s)`,
  )
  return [...databases, ...patches, ...signatures, ...sets]
}

export function describeFiles(files: readonly ReleaseFile[]): string {
  const versioned = files.filter(({ kind }) => kind === 'database' || kind === 'set')
  const names = new Set(versioned.map(({ name, version }) => `${name} ${version}`))
  return names.size > 0 ? [...names].join(', ') : files.map(({ path }) => path).join(', ')
}

/** Names shown of each kind of change: an announcement is glanced at. */
const NAMES_ANNOUNCED = 3

/** What the patches change, a few lines each: `daily 27002: 12 added, 3 dropped, 1 changed.` and the first names. */
export function describeChanges(changes: ReadonlyMap<string, Changes>): string[] {
  return [...changes].flatMap(([patch, change]) => {
    const [sum = '', ...kinds] = changesInWords(change, NAMES_ANNOUNCED)
    const of = patch.replace(/-(\d+)\.cdiff$/, ' $1')
    return [`${of}: ${sum}`, ...kinds.map((kind) => `  ${kind}`)]
  })
}

/** Undefined for what a reader of the terminal need not see. */
export function describePush(mirror: string, event: PushEvent): string | undefined {
  switch (event.kind) {
    case 'connecting':
    case 'syncing':
    case 'said':
      return undefined
    case 'acknowledged':
      return `${mirror}: serves it, ${seconds(event.afterMs)}`
    case 'failed':
      return event.retryInMs === undefined
        ? `${mirror}: ${event.reason}; given up until the next push`
        : `${mirror}: ${event.reason}; tries again in ${seconds(event.retryInMs)}`
    case 'postponed':
      return `${mirror}: waits for its window, ${printPushWindow(event.window)} UTC`
    default:
      return event satisfies never
  }
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`
}

export function count(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',')
}
