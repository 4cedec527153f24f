/** One thread of a mirror's web. It does as it is asked until it is ended, and keeps nothing that is not the others' too. */
import { parentPort, workerData } from 'node:worker_threads'
import { createBirpc } from 'birpc'
import { fail, ok } from '#base/outcome.ts'
import { printLogLine } from '#formats/access-log/index.ts'
import { Service } from '../connection/service.ts'
import type { Snapshot } from '../files/snapshot.ts'
import { Counts } from '../limits/counts.ts'
import { LineBatch } from '../log/line-batch.ts'
import type { SecureListener } from '../servers/certificate.ts'
import { listenHttps } from '../servers/https.ts'
import { HttpServerError, type Listener } from '../servers/listen.ts'
import { listenHttp } from '../servers/server.ts'
import type { ListenerPlan, MainCalls, WorkerBirth, WorkerCalls } from './worker-calls.ts'

/** With a certificate where it is HTTPS. */
type Opened = Listener & Partial<Pick<SecureListener, 'use'>>

const { localFolder, chunksMax, counts, row, served }: WorkerBirth = workerData
const current = new Int32Array(served)
const releases = new Map<number, Snapshot>()
/** Each from the moment that it was asked for: what is asked of it meanwhile waits. Undefined: it could not listen. */
const listeners = new Map<number, Promise<Opened | undefined>>()
let isLogged = false

const calls: WorkerCalls = {
  change({ login, ...rules }) {
    const guarded = login && { ...login, page: (path: string) => main.page(path) }
    service.change({ ...rules, guarded })
    isLogged = rules.isLogged
  },
  load(number, snapshot) {
    const oldest = Atomics.load(current, 0)
    for (const known of releases.keys()) if (known < oldest) releases.delete(known)
    releases.set(number, snapshot)
  },
  async settle() {
    await Promise.all(listeners.values())
  },
  async listen(plan) {
    const opening = open(plan)
    listeners.set(
      plan.id,
      opening.catch(() => undefined),
    )
    try {
      await opening
      return ok(undefined)
    } catch (error) {
      if (!(error instanceof HttpServerError)) throw error
      return fail(error.cause instanceof Error ? error.cause.message : error.message)
    }
  },
  async use(id, certificate) {
    const listener = await listeners.get(id)
    await listener?.use?.(certificate)
  },
  async drain(id) {
    const listener = await listeners.get(id)
    await listener?.drain()
  },
  end,
  async endAll() {
    await Promise.all(listeners.keys().map(end))
    await service[Symbol.asyncDispose]()
    lines.flush()
  },
}

const main = createBirpc<MainCalls, WorkerCalls>(calls, {
  post: (message) => parentPort?.postMessage(message),
  on: (onMessage) => {
    parentPort?.on('message', onMessage)
  },
  eventNames: ['lines'],
  // Whoever started this thread lives as long as it does.
  timeout: -1,
})
const lines = new LineBatch((text) => main.lines(text))
const service = new Service({
  source: () => releases.get(Atomics.load(current, 0)),
  localFolder,
  chunksMax,
  counts: Counts.share(counts, row),
  judge: (asked, policy) => main.judge(asked, policy),
  onRequest: (record) => {
    if (isLogged) lines.add(printLogLine(record))
  },
})

function open({ place, certificate }: ListenerPlan): Promise<Opened> {
  const shared = { ...place, isShared: true }
  if (certificate === undefined) return listenHttp(service, shared)
  return listenHttps(service, shared, certificate)
}

async function end(id: number): Promise<void> {
  const listener = await listeners.get(id)
  await listener?.[Symbol.asyncDispose]()
  listeners.delete(id)
}
