import { fingerprint } from '#adapters/ssh/index.ts'
import { type EpochMs, rfc3339, toSeconds } from '#base/time.ts'
import { describeStage, type MirrorRecord } from '#core/mirrors/index.ts'
import type { JournalEntry } from '#ports/journal.ts'
import { say, sayJson } from '../../io.ts'
import { describeLimits } from './limits.ts'
import { granted, openOffice } from './office.ts'
import type { OfficeFlags } from './options.ts'
import { columns } from './table.ts'

const ENTRIES_SHOWN = 20
/** Far enough back to find the team's acts between a month of releases. */
const ENTRIES_READ = 1000

export async function show(name: string, flags: OfficeFlags): Promise<void> {
  await using office = await openOffice(flags.config)
  const record = granted(await office.registrar.mirror(name))
  const all = await office.store.journal.read({ limit: ENTRIES_READ, subject: name })
  // Pushes that went well come with every release, and say nothing new.
  const entries = all.filter(({ what }) => what !== 'pushed').slice(0, ENTRIES_SHOWN)
  if (flags.json === true) {
    sayJson({ ...shownMirror(record), journal: entries.map(shownEntry) })
    return
  }
  say(`${name} ${describeStage(record.stage)}, since ${utc(record.stageSince)}`)
  for (const line of columns(facts(record))) say(`  ${line}`)
  if (entries.length > 0) say('journal, the newest first:')
  const lines = entries.map(({ at, who, what, why }) => [utc(at), who, what, why.join('; ')])
  for (const line of columns(lines)) say(`  ${line}`)
}

/** Without secrets. */
export function shownMirror({
  rsyncLogin,
  stageSince,
  downtimes,
  ...record
}: MirrorRecord): object {
  return {
    ...record,
    stageSince: utc(stageSince),
    login: rsyncLogin?.user ?? null,
    hostKey: record.hostKey ?? null,
    admin: record.admin ?? null,
    downtimes: downtimes.map(({ from, until, reason }) => ({
      from: utc(from),
      until: utc(until),
      reason,
    })),
  }
}

function shownEntry({ at, who, what, why }: JournalEntry): unknown {
  return { at: utc(at), who, what, why }
}

function facts(record: MirrorRecord): readonly (readonly [string, string])[] {
  const { host, sshPort, account, httpPort, hostKey, country, region, admin } = record
  return [
    ['why', record.stageReason],
    ['addresses', `${record.addresses.join(', ')}, port ${httpPort}`],
    ['called at', `${account}@${host} port ${sshPort}`],
    ['host key', hostKey === undefined ? 'not pinned yet' : fingerprint(hostKey)],
    ['further names', record.aliases.join(', ') || 'none'],
    ['stands in', `${country} (${region})`],
    ['bandwidth', `${record.bandwidthMbit} Mbit/s`],
    ['push', describeLimits(record.push).join(', ')],
    ['operator', admin ?? 'gave no address'],
    ['login', record.rsyncLogin?.user ?? 'none yet'],
    ...record.downtimes.map(({ from, until, reason }): readonly [string, string] => [
      'downtime',
      `${utc(from)} until ${utc(until)}: ${reason}`,
    ]),
  ]
}

function utc(time: EpochMs): string {
  return rfc3339(toSeconds(time))
}
