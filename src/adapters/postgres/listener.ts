import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'

/** First and longest wait before it connects again: a server that restarts is back within seconds. */
const RECONNECT_MIN_MS = 200
const RECONNECT_MAX_MS = 5000
/** A line that was cut without a word is noticed after this long and a time-out. */
const HEARTBEAT_MS = 10_000

/**
 * One connection that listens, for as long as it lives. What was said while it was not connected is lost, so it wakes
 * its owner whenever it is connected again.
 */
export class Listener implements AsyncDisposable {
  readonly #config: pg.ClientConfig
  readonly #onNews: () => void
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  constructor(config: pg.ClientConfig, onNews: () => void) {
    this.#config = config
    this.#onNews = onNews
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    let waitMs = RECONNECT_MIN_MS
    while (!this.#stop.signal.aborted) {
      const client = new pg.Client(this.#config)
      try {
        await client.connect()
        waitMs = RECONNECT_MIN_MS
        await this.#listen(client)
      } catch {
        // Told by whoever uses the store; here it is only tried again.
      }
      await client.end().catch(() => {})
      await this.#pause(waitMs)
      waitMs = Math.min(waitMs * 2, RECONNECT_MAX_MS)
    }
  }

  /** Ends when the connection does. */
  async #listen(client: pg.Client): Promise<void> {
    const gone = new AbortController()
    const lost = () => gone.abort(new Error('The connection is lost'))
    client.on('error', lost)
    client.on('end', lost)
    client.on('notification', () => this.#onNews())
    await client.query('LISTEN cvdnet')
    this.#onNews()
    const until = AbortSignal.any([gone.signal, this.#stop.signal])
    while (!until.aborted) {
      await this.#pause(HEARTBEAT_MS, until)
      if (!until.aborted) await client.query('SELECT 1')
    }
  }

  async #pause(ms: number, until: AbortSignal = this.#stop.signal): Promise<void> {
    await wait(ms, undefined, { signal: until }).catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('The store is closed'))
    await this.#running
  }
}
