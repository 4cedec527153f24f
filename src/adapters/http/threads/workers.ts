/**
 * The web servers of one mirror in several threads, which all listen on its ports (`SO_REUSEPORT`: the system deals the
 * connections out). This thread keeps what they share: the release, the counts, the ledger, the access log, the pages.
 *
 * A release is loaded by all before any shows it, and one number, written once, switches them: no two of them ever serve
 * different releases. Bytes of small files lie in memory that all share. A thread that dies or hangs is started again.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { CHUNKS_MAX } from '../files/chunk-pool.ts'
import { type Snapshot, shareable } from '../files/snapshot.ts'
import { judgeOfOwnLedger } from '../limits/admission.ts'
import { Counts } from '../limits/counts.ts'
import {
  type Certificate,
  type CertificateFiles,
  followCertificate,
  type HttpsListener,
  type SecureListener,
} from '../servers/certificate.ts'
import { HttpServerError, type Listener, listen, type Place } from '../servers/listen.ts'
import type { WebRules, WebServers, WebServersOptions } from '../servers/web-servers.ts'
import { type Calls, WebThread } from './web-thread.ts'
import type { ListenerPlan, MainCalls, WorkerRules } from './worker-calls.ts'

const CHUNKS_OF_A_THREAD_MIN = 8

interface Release {
  readonly number: number
  readonly snapshot: Snapshot
}

export class Workers implements WebServers {
  readonly threads: WebThread[] = []
  readonly #options: WebServersOptions
  readonly #counts: Counts
  readonly #served = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  readonly #listeners = new Map<number, ListenerPlan>()
  #lastListener = 0
  #rules: WebRules = { isLogged: false }
  /** What is served, and while it is loaded, what will be next. */
  #releases: readonly Release[] = []
  /** One after the other; one that fails keeps no later one from being served. */
  #published: Promise<void> = Promise.resolve()

  private constructor(count: number, options: WebServersOptions) {
    this.#options = options
    this.#counts = Counts.create(count)
  }

  /** Throws when a thread does not come up. */
  static async start(count: number, options: WebServersOptions): Promise<Workers> {
    const workers = new Workers(count, options)
    try {
      for (let row = 0; row < count; row++) workers.threads.push(await workers.#start(row, count))
      return workers
    } catch (error) {
      await workers[Symbol.asyncDispose]()
      throw error
    }
  }

  publish(snapshot: Snapshot): Promise<void> {
    const published = this.#published.then(() => this.#publish(shareable(snapshot)))
    this.#published = published.catch(() => {})
    return published
  }

  async change(rules: WebRules): Promise<void> {
    this.#rules = rules
    await this.#askAll((calls) => calls.change(asked(rules)))
  }

  http(place: Place): Promise<Listener> {
    return this.#listen(place)
  }

  https(place: Place, files: CertificateFiles): Promise<HttpsListener> {
    const open = (certificate: Certificate) => this.#listen(place, certificate)
    return followCertificate(files, open, this.#options.onFault)
  }

  async #publish(snapshot: Snapshot): Promise<void> {
    const number = Atomics.load(this.#served, 0) + 1
    const [before, next] = [this.#releases, { number, snapshot }]
    this.#releases = [...before, next]
    try {
      await this.#askAll((calls) => calls.load(number, snapshot))
    } catch (error) {
      this.#releases = before
      throw error
    }
    Atomics.store(this.#served, 0, number)
    this.#releases = [next]
  }

  async #listen(wanted: Place, certificate?: Certificate): Promise<SecureListener> {
    // It may be one that was left a moment ago.
    await this.#askAll((calls) => calls.settle())
    const place = await freePlace(wanted)
    const id = ++this.#lastListener
    const plan = { id, place, certificate }
    const end = async (): Promise<void> => {
      this.#listeners.delete(id)
      await this.#askAll((calls) => calls.end(id))
    }
    await using starting = new AsyncDisposableStack()
    starting.defer(end)
    this.#listeners.set(id, plan)
    for (const outcome of await this.#askAll((calls) => calls.listen(plan))) {
      if (outcome?.ok === false) throw HttpServerError.cannotListen(place, new Error(outcome.fault))
    }
    starting.move()
    return {
      ...place,
      use: async (next) => {
        if (!this.#listeners.has(id)) return
        this.#listeners.set(id, { id, place, certificate: next })
        await this.#askAll((calls) => calls.use(id, next))
      },
      drain: async () => {
        this.#listeners.delete(id)
        await this.#waitForAll((calls) => calls.drain(id))
      },
      [Symbol.asyncDispose]: end,
    }
  }

  #start(row: number, count: number): Promise<WebThread> {
    const { localFolder, onFault } = this.#options
    return WebThread.start({
      birth: {
        localFolder,
        chunksMax: Math.max(CHUNKS_OF_A_THREAD_MIN, Math.floor(CHUNKS_MAX / count)),
        counts: this.#counts.memory,
        row,
        served: this.#served.buffer,
      },
      answers: this.#answers,
      greet: (calls) => this.#greet(calls),
      onEnded: (reason) => {
        this.#counts.forget(row)
        onFault(`web thread ${row + 1} ended (${reason || 'no reason told'}) and is started again`)
      },
    })
  }

  readonly #judge = judgeOfOwnLedger()
  readonly #answers: MainCalls = {
    lines: (text) => this.#options.onLines(text),
    page: (path) => this.#rules.guarded?.page(path),
    judge: (whole, policy) => this.#judge(whole, policy),
  }

  async #greet(calls: Calls): Promise<void> {
    // Asked one after the other without waiting: what is asked later comes later, whoever asks.
    const rules = calls.change(asked(this.#rules))
    const loads = this.#releases.map(({ number, snapshot }) => calls.load(number, snapshot))
    const listens = [...this.#listeners.values()].map((plan) => calls.listen(plan))
    // Waited for as one: when the thread ends, none of them fails unheard.
    const [outcomes] = await Promise.all([Promise.all(listens), rules, ...loads])
    for (const outcome of outcomes) {
      if (!outcome.ok) throw new Error(outcome.fault)
    }
  }

  async #askAll<T>(question: (calls: Calls) => Promise<T>): Promise<readonly (T | undefined)[]> {
    return await Promise.all(this.threads.map((thread) => thread.ask(question)))
  }

  async #waitForAll(question: (calls: Calls) => Promise<unknown>): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.waitFor(question)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread[Symbol.asyncDispose]()))
  }
}

function asked({ guarded, ...rules }: WebRules): WorkerRules {
  return { ...rules, login: guarded && { user: guarded.user, password: guarded.password } }
}

/**
 * With its port, when any will do. Others of ours may listen where we do, so that another process that is there already
 * is only noticed by asking for the place alone. Throws `HttpServerError` when it is taken.
 */
async function freePlace(wanted: Place): Promise<Place> {
  const probe = createServer((socket) => socket.destroy())
  const place = await listen(probe, wanted)
  const closed = once(probe, 'close')
  probe.close()
  await closed
  return place
}
