import { type EpochSeconds, rfc3339 } from '#base/time.ts'
import {
  decideKeyAct,
  describeKeyRefusal,
  type KeyAct,
  keyStateAt,
  stateSince,
  type ZoneKey,
} from '#core/dnssec/index.ts'
import { say, sayJson } from '../../io.ts'
import type { KeyFlags } from '../dns-key.ts'
import { columns } from '../mirror/table.ts'
import { openKeys } from './common.ts'

const HEAD = ['KEY', 'STATE', 'SINCE', 'DS AT THE PARENT', 'NEXT']

export async function listKeys(flags: KeyFlags): Promise<void> {
  const { zone, keys, now } = await openKeys(flags)
  const shown = keys.map((key) => ({
    tag: key.tag,
    state: keyStateAt(key, now),
    since: rfc3339(stateSince(key, now)),
    ds: dsWords(key),
    next: nextWords(keys, key, now),
  }))
  if (flags.json === true) sayJson(shown)
  else if (shown.length === 0) say(`${zone} has no keys yet.`)
  else {
    const rows = shown.map((one) => [String(one.tag), one.state, one.since, one.ds, one.next])
    for (const line of columns([HEAD, ...rows])) say(line)
  }
}

function dsWords({ times }: ZoneKey): string {
  if (times.dsWithdrawn !== undefined) return `withdrawn ${rfc3339(times.dsWithdrawn)}`
  return times.dsPublished === undefined ? 'not seen' : `since ${rfc3339(times.dsPublished)}`
}

/** What is due for a key, or why that must wait. */
function nextWords(keys: readonly ZoneKey[], key: ZoneKey, now: EpochSeconds): string {
  const due = (act: KeyAct) => {
    const decided = decideKeyAct(keys, act, key.tag, now)
    return decided.ok ? act : `${act}: it ${describeKeyRefusal(decided.fault)}`
  }
  switch (keyStateAt(key, now)) {
    case 'standby':
      return due('activate')
    case 'active':
      return key.times.dsPublished === undefined
        ? 'ds-published, once the registrar has its DS'
        : ''
    case 'retired':
      return key.times.dsWithdrawn === undefined ? due('ds-withdrawn') : due('remove')
    case 'hidden':
    case 'removed':
      return ''
  }
}
