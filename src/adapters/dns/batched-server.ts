/**
 * Datagrams many at a time (`recvmmsg`, `sendmmsg`), in a thread of its own: six times what `node:dgram` does with a core.
 * Throws `DnsServerError`, `not-loadable` where this machine has no such calls for us.
 */
import { Worker } from 'node:worker_threads'
import { type DnsCounters, type DnsServer, DnsServerError } from '#ports/dns-server.ts'
import type { ToMain, ToWorker, WorkerStart } from './batched-mail.ts'
import { newCounters } from './counters.ts'
import type { ListenOptions } from './dgram-server.ts'
import type { ResponderSetup } from './setup.ts'

/** Answering makes a string a packet and nothing else: more room would only be held, some 20 MiB with 10,000 mirrors. */
const YOUNG_MIB_MAX = 8

export async function startBatchedServer(
  listen: ListenOptions,
  setup: ResponderSetup,
  onBroken: (reason: string) => void = () => {},
): Promise<DnsServer> {
  const flags = new Int32Array(new SharedArrayBuffer(4))
  const start: WorkerStart = { listen, setup, flags }
  const worker = new Worker(new URL('./batched-worker.ts', import.meta.url), {
    workerData: start,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB_MAX },
  })
  const thread = new ServerThread(worker, flags, onBroken)
  const port = await thread.listening(listen)
  return {
    kind: 'batched',
    host: listen.host,
    port,
    answerFrom: (snapshot) => thread.tell({ kind: 'snapshot', snapshot }),
    placeBy: (places, overrides) => thread.tell({ kind: 'places', places, overrides }),
    signWith: (keys) => thread.tell({ kind: 'keys', keys }),
    counters: () => thread.counters(),
    [Symbol.asyncDispose]: () => thread.stop(),
  }
}

class ServerThread {
  readonly #worker: Worker
  readonly #flags: Int32Array
  readonly #started = Promise.withResolvers<ToMain>()
  readonly #ended = Promise.withResolvers<void>()
  #asking: ((counters: DnsCounters) => void)[] = []
  #last = newCounters()
  #over = false

  constructor(worker: Worker, flags: Int32Array, onBroken: (reason: string) => void) {
    this.#worker = worker
    this.#flags = flags
    worker.on('message', (mail: ToMain) => {
      if (mail.kind === 'counters') this.#counted(mail.counters)
      else if (mail.kind === 'broken') onBroken(mail.reason)
      else this.#started.resolve(mail)
    })
    worker.once('error', (error) => {
      this.#started.reject(error)
      onBroken(error.message)
    })
    worker.once('exit', () => {
      this.#over = true
      this.#ended.resolve()
      this.#started.reject(new Error('The thread ended'))
      this.#counted(this.#last)
    })
  }

  async listening({ host, port }: ListenOptions): Promise<number> {
    const first = await this.#started.promise.catch((cause: unknown) => {
      throw new DnsServerError('broken', `start the thread of ${host} port ${port}`, { cause })
    })
    if (first.kind === 'listening') return first.port
    await this.#ended.promise
    if (first.kind === 'cannot-listen') {
      const reason = `listen on ${host} port ${port}/udp: ${first.reason}`
      throw new DnsServerError('cannot-listen', reason)
    }
    throw new DnsServerError('not-loadable', 'take many datagrams with one call on this machine')
  }

  tell(mail: ToWorker): void {
    this.#worker.postMessage(mail)
    Atomics.store(this.#flags, 0, 1)
  }

  counters(): Promise<DnsCounters> {
    if (this.#over) return Promise.resolve(this.#last)
    const { promise, resolve } = Promise.withResolvers<DnsCounters>()
    this.#asking.push(resolve)
    this.tell({ kind: 'count' })
    return promise
  }

  async stop(): Promise<void> {
    await this.counters()
    this.tell({ kind: 'stop' })
    await this.#ended.promise
  }

  #counted(counters: DnsCounters): void {
    this.#last = counters
    for (const resolve of this.#asking) resolve(counters)
    this.#asking = []
  }
}
