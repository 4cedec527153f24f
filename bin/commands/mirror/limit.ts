import { ok } from '#base/outcome.ts'
import { parsePushWindow } from '#core/push/index.ts'
import { CommandEnd, EXIT } from '../../io.ts'
import { describeLimits, type Limits } from './limits.ts'
import { granted, openOffice } from './office.ts'
import type { LimitFlags } from './team.ts'
import { tell } from './told.ts'

/** As the registry takes it: a terabit a second. */
const KBIT_MAX = 1_000_000_000
const NONE = 'none'

/** What is not given stays. Masters follow a window at once; a bandwidth is the mirror's own to keep, by its next kit. */
export async function limit(name: string, flags: LimitFlags): Promise<void> {
  const { pushWindow, pushKbit, reason } = flags
  if (pushWindow === undefined && pushKbit === undefined) {
    throw new CommandEnd(EXIT.usage, 'at least one of --push-window and --push-kbit is needed')
  }
  const given: Partial<Limits> = {
    ...(pushWindow === undefined ? {} : { window: windowOf(pushWindow) }),
    ...(pushKbit === undefined ? {} : { bandwidthKbit: kbitOf(pushKbit) }),
  }
  await using office = await openOffice(flags.config)
  const record = granted(
    await office.registrar.act(name, {
      what: 'push-limited',
      why: [...describeLimits(given), reason],
      event: ({ push }) => ok({ kind: 'limit-push', push: { ...push, ...given } }),
    }),
  )
  const next = pushKbit === undefined ? [] : [`Next: cvdnet mirror kit ${name}`]
  tell(record, flags, ...describeLimits(record.push), ...next)
}

function windowOf(text: string): Limits['window'] {
  const window = parsePushWindow(text)
  if (window !== undefined || text === NONE) return window
  throw new CommandEnd(EXIT.usage, '--push-window is as 22:30-06:00, or "none"')
}

function kbitOf(text: string): number | undefined {
  if (text === NONE) return undefined
  const kbit = /^\d{1,10}$/.test(text) ? Number(text) : 0
  if (kbit >= 1 && kbit <= KBIT_MAX) return kbit
  throw new CommandEnd(EXIT.usage, '--push-kbit is a number from 1 on, or "none"')
}
