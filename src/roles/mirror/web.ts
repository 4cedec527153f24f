/**
 * A mirror's web: HTTP, HTTPS where there is a certificate, the access log, and the statistics made of it. It follows
 * new settings while it runs: a listener whose address stays is never closed, and one that goes lets everybody have
 * what he is fetching.
 */
import { join } from 'node:path'
import {
  AccessLogFile,
  type ClientLogin,
  type FrontsOptions,
  type HttpsListener,
  type LimitOptions,
  type Listener,
  type Snapshot,
  serveHere,
  type WebRules,
  type WebServers,
  Workers,
} from '#adapters/http/index.ts'
import { SPEED_PRESETS } from '#core/limits/index.ts'
import type { HttpSettings, HttpsSettings } from '#formats/cvdnet-toml/index.ts'
import type { Clock } from '#ports/clock.ts'
import { ChangeReport, type Changes } from './changes.ts'
import {
  type StatisticsOptions,
  type StatisticsPages,
  startStatistics,
} from './statistics-pages.ts'

export interface WebOptions {
  /** Where, and whatever of the settings differs from having no bounds and no log. */
  readonly http: Pick<HttpSettings, 'host' | 'port'> & Partial<HttpSettings>
  readonly https?: HttpsSettings | undefined
  readonly statistics?: StatisticsOptions | undefined
  /** Those alone may fetch; absent: everybody may. */
  readonly clients?: readonly ClientLogin[] | undefined
  /** Told the lines of the access log too, each with its end. */
  readonly onLines?: (lines: string) => void
}

interface Around {
  readonly mirror: string
  readonly state: string
  readonly localFolder: string
  /** What is served first, if anything is. */
  readonly snapshot: Snapshot | undefined
  readonly clock: Clock
  readonly onEvent: (line: string) => void
}

/** Our own log, where the operator wants statistics and named no file. */
const OWN_LOG = 'access.log'
/** Half a million requests; three of these are the most that our own logs take. */
const OWN_LOG_BYTES_MAX = 128 * 1024 * 1024

/** What the options come to, in the parts that follow new ones each for itself. */
interface Plan {
  readonly log: { readonly path: string; readonly rotateAtBytes?: number } | undefined
  readonly statistics:
    | { readonly options: StatisticsOptions; readonly ownLog: string | undefined }
    | undefined
  readonly limits: Omit<WebRules, 'guarded' | 'clients' | 'fronts' | 'isLogged'>
  readonly clients: readonly ClientLogin[] | undefined
  readonly fronts: FrontsOptions
  readonly http: { readonly host: string; readonly port: number }
  readonly https: HttpsSettings | undefined
  readonly workers: number
}

const PARTS: Readonly<Record<keyof Plan, string>> = {
  log: 'access log',
  statistics: 'statistics',
  limits: 'http limits',
  clients: 'http clients',
  fronts: 'http fronts',
  http: 'http address',
  https: 'https',
  workers: 'http workers',
}

export class Web implements AsyncDisposable {
  readonly #around: Around
  readonly #onLines: WebOptions['onLines']
  #servers!: WebServers
  #plan: Plan
  #log: AccessLogFile | undefined
  #statistics: StatisticsPages | undefined
  #http: Listener | undefined
  #https: HttpsListener | undefined
  /** Those that take nobody new and are not empty yet. */
  readonly #leaving = new Set<Listener>()

  private constructor({ onLines }: WebOptions, plan: Plan, around: Around) {
    this.#plan = plan
    this.#around = around
    this.#onLines = onLines
  }

  static async start(options: WebOptions, around: Around): Promise<Web> {
    const plan = planOf(options, around.state)
    const web = new Web(options, plan, around)
    try {
      await web.#useLog(plan.log)
      await web.#useStatistics(plan.statistics)
      web.#servers = await web.#startServers(plan.workers)
      if (around.snapshot !== undefined) await web.publish(around.snapshot)
      await web.#servers.change(web.#rules())
      await web.#listen(plan.http)
      await web.#secure(plan.https)
      return web
    } catch (error) {
      await web[Symbol.asyncDispose]()
      throw error
    }
  }

  get http(): Address {
    return addressOf(this.#http ?? this.#plan.http)
  }

  get https(): Address | undefined {
    return this.#https && addressOf(this.#https)
  }

  /** Resolves when whoever asks is answered from this. */
  async publish(snapshot: Snapshot): Promise<void> {
    await this.#servers.publish(snapshot)
  }

  /** Follows other options part by part, while everybody is served on. */
  async change(options: WebOptions): Promise<Changes> {
    const wanted = planOf(options, this.#around.state)
    const report = new ChangeReport()
    const follow = async <Key extends keyof Plan>(
      part: Key,
      work: (wanted: Plan[Key]) => unknown,
    ): Promise<void> => {
      await report.follow(PARTS[part], this.#plan[part], wanted[part], async () => {
        await work(wanted[part])
        this.#plan = { ...this.#plan, [part]: wanted[part] }
      })
    }
    await follow('log', (log) => this.#useLog(log))
    await follow('statistics', (statistics) => this.#useStatistics(statistics))
    await follow('limits', () => {})
    await follow('clients', () => {})
    await follow('fronts', () => {})
    await this.#servers.change(this.#rules())
    await follow('http', (place) => this.#listen(place))
    await follow('https', (https) => this.#secure(https))
    await follow('workers', () => {
      throw new Error('their number stays until a restart')
    })
    return report
  }

  #startServers(workers: number): Promise<WebServers> | WebServers {
    const options = {
      localFolder: this.#around.localFolder,
      onFault: this.#around.onEvent,
      onLines: (lines: string) => {
        this.#log?.add(lines)
        this.#onLines?.(lines)
      },
    }
    return workers === 1 ? serveHere(options) : Workers.start(workers, options)
  }

  #rules(): WebRules {
    const { limits, clients, fronts } = this.#plan
    const isLogged = this.#log !== undefined || this.#onLines !== undefined
    return { ...limits, clients, fronts, guarded: this.#statistics?.guarded, isLogged }
  }

  async #useLog(log: Plan['log']): Promise<void> {
    const old = this.#log
    this.#log = log && new AccessLogFile({ ...log, onFault: this.#around.onEvent })
    await old?.[Symbol.asyncDispose]()
  }

  /** Two that write the same totals would count twice, so the old ones end first; their pages stay until then. */
  async #useStatistics(wanted: Plan['statistics']): Promise<void> {
    await this.#statistics?.[Symbol.asyncDispose]()
    this.#statistics =
      wanted && (await startStatistics(wanted.options, wanted.ownLog, this.#around))
  }

  async #listen(place: Plan['http']): Promise<void> {
    const old = this.#http
    this.#http = await this.#servers.http(place)
    this.#drain(old)
  }

  async #secure(wanted: Plan['https']): Promise<void> {
    const [old, now] = [this.#https, this.#plan.https]
    if (wanted === undefined) this.#https = undefined
    else {
      const { host, port, certificate, key } = wanted
      const files = { certificateFile: certificate, keyFile: key }
      if (old !== undefined && now?.host === host && now.port === port) {
        await old.useCertificate(files)
        return
      }
      this.#https = await this.#servers.https({ host, port }, files)
    }
    this.#drain(old)
  }

  #drain(server: Listener | undefined): void {
    if (server === undefined) return
    this.#leaving.add(server)
    void server
      .drain()
      .then(() => server[Symbol.asyncDispose]())
      .then(() => this.#leaving.delete(server))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const servers = [this.#http, this.#https, ...this.#leaving]
    await Promise.all(servers.map((server) => server?.[Symbol.asyncDispose]()))
    await this.#servers?.[Symbol.asyncDispose]()
    await this.#statistics?.[Symbol.asyncDispose]()
    await this.#log?.[Symbol.asyncDispose]()
  }
}

interface Address {
  readonly host: string
  readonly port: number
}

function addressOf({ host, port }: Address): Address {
  return { host, port }
}

function planOf({ http, https, statistics, clients }: WebOptions, state: string): Plan {
  const { host, port, accessLog, fronts = [], proxyProtocol = false, workers = 1 } = http
  const wantsOwnLog = statistics !== undefined && statistics.logs.length === 0
  const ownLog = accessLog ?? (wantsOwnLog ? join(state, OWN_LOG) : undefined)
  return {
    log: ownLog === undefined ? undefined : logOf(ownLog, ownLog === accessLog),
    statistics: statistics && { options: statistics, ownLog },
    limits: {
      limits: limitsOf(http),
      connectionsMax: http.connectionsMax,
      connectionsPerAddressMax: http.connectionsPerAddressMax || undefined,
    },
    clients,
    fronts: { addresses: fronts, proxyProtocol },
    http: { host, port },
    https,
    workers,
  }
}

/** The operator turns his own log himself. */
function logOf(path: string, isOperators: boolean): Plan['log'] {
  return isOperators ? { path } : { path, rotateAtBytes: OWN_LOG_BYTES_MAX }
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
