import { join } from 'node:path'
import type { GuardedPages } from '#adapters/http/index.ts'
import type { StatisticsSettings } from '#formats/cvdnet-toml/index.ts'
import type { Clock } from '#ports/clock.ts'
import { watchCountries } from './countries.ts'
import { Statistics } from './statistics.ts'

export type StatisticsOptions = Omit<StatisticsSettings, 'password'> & { readonly password: string }

interface Around {
  readonly mirror: string
  readonly state: string
  readonly clock: Clock
  readonly onEvent: (line: string) => void
}

export interface StatisticsPages extends AsyncDisposable {
  readonly guarded: GuardedPages
}

/** The pages, and the reading behind them. `ownLog` is read where the settings name no log of another web server. */
export async function startStatistics(
  { user, password, logs, daysKept, places }: StatisticsOptions,
  ownLog: string | undefined,
  { mirror, state, clock, onEvent }: Around,
): Promise<StatisticsPages> {
  await using starting = new AsyncDisposableStack()
  const countries = starting.use(watchCountries(places, onEvent))
  const kept = await Statistics.load({
    mirror,
    stateFile: join(state, 'statistics.json'),
    logs: logs.length > 0 || ownLog === undefined ? logs : [ownLog],
    isOwnLog: logs.length === 0,
    daysKept,
    clock,
    country: (address) => countries.of(address),
    onFault: onEvent,
  })
  const stop = new AbortController()
  // A client counted before its country can be known stays without one all day.
  const reading = countries.first
    .then(() => kept.keepReading(stop.signal))
    .catch((error: unknown) => {
      if (!stop.signal.aborted) onEvent(`statistics: ${String(error)}`)
    })
  starting.defer(async () => {
    stop.abort(new Error('the statistics are stopping'))
    await reading
  })
  const owned = starting.move()
  return {
    guarded: { user, password, page: (path) => kept.page(path) },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
