/**
 * What each published file is for, read off its path: when it becomes public and what date it carries.
 *
 * The order protects readers of servers that cannot switch a whole tree (decision 15): what a pointer names is there
 * before the pointer is. A `.cvd` tells clients that its patches exist, so patches, headers and signatures go first.
 */

/** In the order of publication. */
export const STAGES = ['patches', 'databases', 'others', 'pages', 'trust', 'stamp'] as const
export type Stage = (typeof STAGES)[number]

const DATABASE = /\.(?:cvd|cld|cud)$/
const PATCH = /\.(?:cdiff|sign|cvd\.header)$/
const PAGES = new Set(['index.html', 'mirrors.html', 'dns.txt'])

/** Signed metadata of the tree. It is listed in no manifest, because it is the manifest. */
const TRUST = /^tuf\/(?:(?:[1-9]\d*\.)?root|targets|snapshot|timestamp)\.json$/

export function isTrustFile(path: string): boolean {
  return TRUST.test(path)
}

/** Files that carry a ClamAV header. */
export function isDatabase(path: string): boolean {
  return DATABASE.test(path)
}

export function stageOf(path: string): Stage {
  if (path === 'timestamp') return 'stamp'
  if (path.startsWith('tuf/')) return 'trust'
  if (PAGES.has(path)) return 'pages'
  if (PATCH.test(path)) return 'patches'
  if (DATABASE.test(path)) return 'databases'
  return 'others'
}

/** Within `trust`, a reader who has one file finds all that it leads to. */
const TRUST_ORDER = ['root', 'targets', 'snapshot', 'timestamp']

function rank(path: string): number {
  const trust = TRUST_ORDER.findIndex((role) => path.endsWith(`${role}.json`))
  // A checksum follows the file it belongs to.
  return path.startsWith('tuf/') ? trust : path.endsWith('.md5') ? 1 : 0
}

/** Publication order of two paths; by name where it does not matter, so that a run can be compared with another. */
export function byStage(a: string, b: string): number {
  const stages = STAGES.indexOf(stageOf(a)) - STAGES.indexOf(stageOf(b))
  return stages || rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0)
}

/**
 * Which time a file is dated by (decision 16).
 *
 * `built`: a freshclam sends its own copy's build time as If-Modified-Since, so a `.cvd` carries the header's
 * (formats.md 5.5). `published`: `DatabaseCustomURL` sends the time of its last download, so everything that it may
 * fetch carries the time this mirror first showed it; the master's date could be older than that download, and the
 * client would get 304 for ever (formats.md 5.7). `as-sent`: asked for without a date.
 */
export type DateRule = 'built' | 'published' | 'as-sent'

export function dateRule(path: string): DateRule {
  if (/\.(?:cvd|cld)$/.test(path)) return 'built'
  if (PATCH.test(path) || path.startsWith('tuf/')) return 'as-sent'
  return 'published'
}
