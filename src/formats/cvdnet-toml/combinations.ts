import { MASTER_RSYNC, MASTER_SSH } from './master-table.ts'
import { MIRROR_HTTP, MIRROR_HTTPS, MIRROR_SSH } from './mirror-table.ts'
import type { DocumentReader, TableReader } from './reader.ts'
import type { ListenSettings, Settings } from './settings.ts'
import { METRICS } from './watch-table.ts'

/** Values that are good by themselves and impossible together. */

/** No two elements of a list may share a value: whoever comes with it would be one of two. */
export function checkTwins(
  elements: readonly TableReader[],
  key: string,
  values: readonly (readonly string[])[],
): void {
  const seen = new Map<string, number>()
  for (const [index, own] of values.entries()) {
    for (const value of new Set(own)) {
      const before = seen.get(value)
      // An empty text stands for a value that is refused already.
      if (before !== undefined && value !== '') {
        elements[index]?.refuse(key, `the same as in ${elements[before]?.path}`)
      }
      seen.set(value, before ?? index)
    }
  }
}

/** Two servers cannot listen in one place. Where the system chooses the port there is no conflict. */
export function checkListeners(file: DocumentReader, { master, mirror, metrics }: Settings): void {
  const listeners = [
    [MASTER_SSH, master?.ssh],
    [MASTER_RSYNC, master?.rsync],
    [MIRROR_SSH, mirror?.ssh],
    [MIRROR_HTTP, mirror?.http],
    [MIRROR_HTTPS, mirror?.https],
    [METRICS, metrics],
  ] as const
  for (const [index, [section, own]] of listeners.entries()) {
    const other = listeners.slice(0, index).find(([, one]) => own && one && collide(own, one))
    if (other !== undefined) {
      file.table(section).refuse('port', `the same as of [${other[0].path}] on the same address`)
    }
  }
}

const EVERYWHERE = ['0.0.0.0', '::']

function collide(a: ListenSettings, b: ListenSettings): boolean {
  if (a.port !== b.port || a.port === 0) return false
  return a.host === b.host || EVERYWHERE.includes(a.host) || EVERYWHERE.includes(b.host)
}
