import { ok } from '#base/outcome.ts'
import { parseDuration } from '#base/quantity.ts'
import { type EpochMs, epochMs, rfc3339, toSeconds } from '#base/time.ts'
import { CommandEnd, EXIT } from '../../io.ts'
import { granted, openOffice } from './office.ts'
import type { PauseFlags } from './team.ts'
import { tell } from './told.ts'

export async function pause(name: string, flags: PauseFlags): Promise<void> {
  const from = flags.from === undefined ? epochMs(Date.now()) : timeOf('--from', flags.from)
  const until = endOf(from, flags)
  const { reason } = flags
  await using office = await openOffice(flags.config)
  const record = granted(
    await office.registrar.act(name, {
      what: 'paused',
      why: [`${utc(from)} until ${utc(until)}`, reason],
      event: () => ok({ kind: 'pause', downtime: { from, until, reason } }),
    }),
  )
  tell(record, flags, `paused from ${utc(from)} until ${utc(until)}`)
}

function endOf(from: EpochMs, flags: PauseFlags): EpochMs {
  if ((flags.until === undefined) === (flags.for === undefined)) {
    throw new CommandEnd(EXIT.usage, 'exactly one of --until and --for is needed')
  }
  if (flags.until !== undefined) return timeOf('--until', flags.until)
  const lasts = parseDuration(flags.for ?? '')
  if (lasts === undefined) throw new CommandEnd(EXIT.usage, '--for is a duration, as 6h or 2d')
  return epochMs(from + lasts)
}

/** RFC 3339, seconds and zone may be left out; without a zone it is UTC. */
const TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?$/

function timeOf(flag: string, text: string): EpochMs {
  const hasZone = /(?:Z|[+-]\d\d:\d\d)$/.test(text.slice('2026-12-01'.length))
  const full = text.length === '2026-12-01'.length ? `${text}T00:00` : text.replace(' ', 'T')
  const time = TIME.test(text) ? Date.parse(hasZone ? full : `${full}Z`) : Number.NaN
  if (Number.isNaN(time)) {
    throw new CommandEnd(EXIT.usage, `${flag} is a time as 2026-12-01T08:00Z`)
  }
  return epochMs(time)
}

function utc(time: EpochMs): string {
  return rfc3339(toSeconds(time))
}
