/** A mirror's web: HTTP, HTTPS where there is a certificate, the access log, and the statistics made of it. */
import { join } from 'node:path'
import {
  AccessLogFile,
  type GuardedPages,
  type HttpServer,
  type LimitOptions,
  type RequestRecord,
  type Snapshot,
  startHttpServer,
  startHttpsServer,
} from '#adapters/http/index.ts'
import { SPEED_PRESETS } from '#core/limits/index.ts'
import type { HttpSettings, HttpsSettings, StatisticsSettings } from '#formats/cvdnet-toml/index.ts'
import type { Clock } from '#ports/clock.ts'
import { watchCountries } from './countries.ts'
import { Statistics } from './statistics.ts'

export interface WebOptions {
  /** Where, and whatever of the settings differs from having no bounds and no log. */
  readonly http: Pick<HttpSettings, 'host' | 'port'> & Partial<HttpSettings>
  readonly https?: HttpsSettings | undefined
  readonly statistics?:
    | (Omit<StatisticsSettings, 'password'> & { readonly password: string })
    | undefined
  readonly onRequest?: (record: RequestRecord) => void
}

interface Around {
  readonly mirror: string
  readonly state: string
  readonly localFolder: string
  readonly source: () => Snapshot | undefined
  readonly clock: Clock
  readonly onEvent: (line: string) => void
}

export interface Web extends AsyncDisposable {
  readonly http: HttpServer
  readonly https: HttpServer | undefined
}

/** Our own log, where the operator wants statistics and named no file. */
const OWN_LOG = 'access.log'
/** Half a million requests; three of these are the most that our own logs take. */
const OWN_LOG_BYTES_MAX = 128 * 1024 * 1024

export async function startWeb(options: WebOptions, around: Around): Promise<Web> {
  await using starting = new AsyncDisposableStack()
  const { http, https } = options
  const { onEvent, source, localFolder } = around
  const wantsOwnLog = options.statistics !== undefined && options.statistics.logs.length === 0
  const logPath = http.accessLog ?? (wantsOwnLog ? join(around.state, OWN_LOG) : undefined)
  const rotation = http.accessLog === undefined ? { rotateAtBytes: OWN_LOG_BYTES_MAX } : {}
  const log =
    logPath && starting.use(new AccessLogFile({ path: logPath, ...rotation, onFault: onEvent }))
  const guarded = await startStatistics(options, { around, logPath, starting })
  const service = {
    source,
    localFolder,
    limits: limitsOf(http),
    fronts: { addresses: http.fronts ?? [], proxyProtocol: http.proxyProtocol ?? false },
    ...(guarded && { guarded }),
    onRequest: (record: RequestRecord) => {
      if (log) log.add(record)
      options.onRequest?.(record)
    },
  }
  const plain = starting.use(
    await startHttpServer({
      ...service,
      host: http.host,
      port: http.port,
      ...(http.connectionsMax !== undefined && { connectionsMax: http.connectionsMax }),
      connectionsPerAddressMax: http.connectionsPerAddressMax || undefined,
    }),
  )
  const secure =
    https &&
    starting.use(
      await startHttpsServer({
        ...service,
        host: https.host,
        port: https.port,
        certificateFile: https.certificate,
        keyFile: https.key,
        onFault: onEvent,
      }),
    )
  const owned = starting.move()
  return { http: plain, https: secure, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

function limitsOf(http: WebOptions['http']): LimitOptions {
  const { wholesAnHour = 0, retryAfterMaxMs = 0, downloadsMax = 0, speeds = 'none' } = http
  return {
    speeds: SPEED_PRESETS[speeds],
    answersMax: downloadsMax === 0 ? {} : { database: downloadsMax },
    loops:
      wholesAnHour === 0
        ? undefined
        : { wholesAnHour, retryAfterMax: Math.ceil(retryAfterMaxMs / 1000) },
  }
}

interface Starting {
  readonly around: Around
  readonly logPath: string | undefined
  readonly starting: AsyncDisposableStack
}

async function startStatistics(
  { statistics }: WebOptions,
  { around, logPath, starting }: Starting,
): Promise<GuardedPages | undefined> {
  if (statistics === undefined) return undefined
  const { user, password, logs, daysKept, places } = statistics
  const countries = starting.use(watchCountries(places, around.onEvent))
  const kept = await Statistics.load({
    mirror: around.mirror,
    stateFile: join(around.state, 'statistics.json'),
    logs: logs.length > 0 || logPath === undefined ? logs : [logPath],
    isOwnLog: logs.length === 0,
    daysKept,
    clock: around.clock,
    country: (address) => countries.of(address),
    onFault: around.onEvent,
  })
  const stop = new AbortController()
  // A client counted before its country can be known stays without one all day.
  const reading = countries.first
    .then(() => kept.keepReading(stop.signal))
    .catch((error: unknown) => {
      if (!stop.signal.aborted) around.onEvent(`statistics: ${String(error)}`)
    })
  starting.defer(async () => {
    stop.abort(new Error('the mirror is stopping'))
    await reading
  })
  return { user, password, page: (path) => kept.page(path) }
}
