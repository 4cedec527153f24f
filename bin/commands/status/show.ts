import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { epochMs } from '#base/time.ts'
import { HEALTH_POLICY, type HealthPolicy } from '#core/health/index.ts'
import { OUTBOX } from '#core/notices/index.ts'
import { type NetworkState, type Status, statusInWords, statusOf } from '#core/status/index.ts'
import type { Store } from '#ports/store.ts'
import { say, sayJson } from '../../io.ts'
import { readSettings } from '../run/settings.ts'
import { openNetworkStore } from '../run/store.ts'

interface ShowOptions {
  readonly isWatching: boolean
  readonly isJson: boolean
}

/** Changes come in bunches; a reader cannot follow faster. */
const APART_MS = 1000
const CLEAR = '\u001b[H\u001b[2J'

/** Shows it once, or at each change until SIGINT. True when nothing is wrong. Throws `StoreError`. */
export async function showStatus(
  config: string,
  { isWatching, isJson }: ShowOptions,
): Promise<boolean> {
  const settings = await readSettings(config)
  await using store = await openNetworkStore(settings)
  const policy = settings.monitor?.health ?? HEALTH_POLICY
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(name))
  let status = await readStatus(settings.zone, store, policy)
  if (!isWatching) {
    if (isJson) sayJson(status)
    else for (const line of statusInWords(status)) say(line)
    return status.problems.length === 0
  }
  const changes = new EventTarget()
  using _ = store.watch(() => changes.dispatchEvent(new Event('change')))
  while (!stop.signal.aborted) {
    show(status, isJson)
    const { signal } = stop
    await once(changes, 'change', { signal })
      .then(() => setTimeout(APART_MS, undefined, { signal }))
      .catch(() => {})
    if (!signal.aborted) status = await readStatus(settings.zone, store, policy)
  }
  return status.problems.length === 0
}

function show(status: Status, isJson: boolean): void {
  if (!isJson && process.stdout.isTTY) process.stdout.write(CLEAR)
  for (const line of isJson ? [JSON.stringify(status)] : statusInWords(status)) say(line)
}

async function readStatus(zone: string, store: Store, policy: HealthPolicy): Promise<Status> {
  return statusOf(await readState(zone, store), policy, epochMs(Date.now()))
}

async function readState(zone: string, store: Store): Promise<NetworkState> {
  const { registry, releases, jobs, notices } = store
  const [head, announced, mirrors, healths, problems, leases, letters] = await Promise.all([
    releases.head(),
    releases.announced(),
    registry.mirrors.list(),
    registry.health.list(),
    notices.problems.list(),
    jobs.leases(),
    jobs.waiting(OUTBOX),
  ])
  const health = new Map(healths.map(({ name, value }) => [name, value]))
  const [first] = letters
  return {
    zone,
    newest:
      head === undefined
        ? undefined
        : {
            serial: head.release.serial,
            generation: head.generation,
            stampedAt: head.committedAt,
            master: head.master,
          },
    announced,
    mirrors: mirrors.map(({ name, value: record }) => ({ record, health: health.get(name) })),
    problems: problems.map(({ value }) => value),
    leases,
    waiting:
      first === undefined
        ? []
        : [{ queue: OUTBOX, count: letters.length, dueAt: first.dueAt, reason: first.lastReason }],
  }
}
