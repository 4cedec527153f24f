/**
 * A master that follows somebody else's databases: it looks now and then, brings what is new as sparingly as it can, and
 * hands it to the same gate and the same desk as an upload. Nothing is published that these refuse.
 */
import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  Announcements,
  firstText,
  HttpDatabaseServer,
  ownAgent,
  sweep,
} from '#adapters/database-server/index.ts'
import { makeFolders, readIfThere, writeFileAtomic } from '#adapters/disk/index.ts'
import {
  describeRemembered,
  openFreshclamDat,
  writeFreshclamDat,
} from '#adapters/freshclam-dat/index.ts'
import type { DbName } from '#base/names.ts'
import { epochMs, epochSeconds, rfc3339, toSeconds } from '#base/time.ts'
import { quietUntil, ServerWalk } from '#core/update/index.ts'
import {
  describeFollowEnd,
  emptyMemory,
  type FollowEnd,
  failingSince,
  heldUntil,
  isFailing,
  problemOf,
  type UpstreamMemory,
  untilNextLook,
  upstreamMemoryCodec,
  withRefused,
  withResult,
} from '#core/upstream/index.ts'
import { followDatabase } from './follow-database.ts'
import { keepRenewed } from './release-lease.ts'
import { tellErrors } from './schedule.ts'
import { endOtherProblems, keepProblem } from './upstream-problems.ts'
import type { UpstreamRun, UpstreamWorld } from './upstream-world.ts'

/** One master looks in one period; it lasts longer while he is at it. */
export const UPSTREAM_LEASE = 'upstream'
const LEASE_SHARE = 0.75
/** Looks of many masters that were started together come apart (field-notes 1.10). */
const JITTER = 0.1
/** As freshclam's where nothing is set (formats.md 5.2). */
const ATTEMPTS_MAX = 3
const CONNECT_MS_MAX = 30_000
const SILENT_MS_MAX = 60_000

export class Upstream {
  readonly #world: UpstreamWorld
  readonly #said = new Set<string>()
  #memory: UpstreamMemory

  private constructor(world: UpstreamWorld, memory: UpstreamMemory) {
    this.#world = world
    this.#memory = memory
  }

  static async open(world: UpstreamWorld): Promise<Upstream> {
    await makeFolders(world.folder, 0o700)
    const follows = fingerprint(world)
    const text = await readIfThere(memoryFile(world))
    const read = text === undefined ? undefined : upstreamMemoryCodec.parse(text)
    const isOwn = read?.ok === true && read.value.follows === follows
    return new Upstream(world, isOwn ? read.value : emptyMemory(follows))
  }

  /** Milliseconds until the next look; `draw` spreads them. A master that was restarted does not look more often. */
  untilNext(draw: () => number): number {
    const { options, clock } = this.#world
    const everyMs = options.everyMs * (1 - JITTER + 2 * JITTER * draw())
    return untilNextLook(this.#memory, everyMs, clock.now())
  }

  /** Throws `StoreError`, `DiskError` and the signal's reason. */
  async look(signal: AbortSignal): Promise<void> {
    const { self, store, clock, options } = this.#world
    const { jobs } = store
    try {
      const ttlMs = options.everyMs * LEASE_SHARE
      if ((await jobs.lease(UPSTREAM_LEASE, self, ttlMs, clock.now())) === undefined) return
      await using _ = keepRenewed(UPSTREAM_LEASE, { self, jobs, clock })
      await this.#lookAlone(signal)
    } finally {
      this.#memory = { ...this.#memory, lookedAt: clock.now() }
    }
    await this.#writeMemory()
    // Another master may have a better line.
    if (this.#memory.failing.length > 0) await jobs.endLease(UPSTREAM_LEASE, self)
  }

  async #lookAlone(signal: AbortSignal): Promise<void> {
    const { folder, options, clock, catchUp } = this.#world
    await catchUp()
    const scratch = join(folder, 'scratch')
    await makeFolders(scratch, 0o700)
    const { dat, by } = await openFreshclamDat(folder)
    const remark = describeRemembered(by)
    if (remark !== undefined) this.#say(remark)
    const now = toSeconds(clock.now())
    const until = quietUntil(dat.retryAfter, now)
    if (until !== undefined) {
      this.#sayOnce(`the servers have asked to be left alone until ${rfc3339(until)}`)
      for (const name of options.databases) {
        await this.#note(name, { kind: 'left-alone', seconds: until - now })
      }
      return
    }
    await sweep(scratch, now)
    await dropOtherSets(join(folder, 'sets'), options.databases)
    const { notices } = this.#world.store
    const endOthers = () => endOtherProblems(notices, options.databases, clock.now())
    await tellErrors(endOthers, (line) => this.#say(line))
    await using server = new HttpDatabaseServer({
      agent: options.agent ?? ownAgent(options.version, dat.uuid),
      connectMsMax: CONNECT_MS_MAX,
      silentMsMax: SILENT_MS_MAX,
      proxy: options.proxy,
    })
    const seconds = await this.#followAll(this.#runWith(server, scratch, signal))
    const { retryAfter, ...rest } = dat
    if (seconds > 0) {
      await writeFreshclamDat(folder, { ...rest, retryAfter: epochSeconds(now + seconds) })
    } else if (retryAfter !== undefined) await writeFreshclamDat(folder, rest)
  }

  #runWith(server: HttpDatabaseServer, scratch: string, signal: AbortSignal): UpstreamRun {
    const { options, clock } = this.#world
    const { resolvers, updateRecord } = options
    const voice = { complain: (line: string) => this.#say(line) }
    return {
      world: this.#world,
      server,
      announcements: new Announcements({
        name: updateRecord,
        resolveTxt: (name) => firstText(name, { signal, ...(resolvers && { servers: resolvers }) }),
        now: toSeconds(clock.now()),
        voice,
      }),
      memory: this.#memory,
      sayOnce: (line) => this.#sayOnce(line),
      scratch,
      walk: new ServerWalk(options.servers),
      troubles: [],
      attemptsMax: ATTEMPTS_MAX,
      clock,
      signal,
      voice,
    }
  }

  /** One after the other, each in a release of its own, so that the trouble of one does not hold up the others. Resolves to the seconds for which we are to stay away. */
  async #followAll(run: UpstreamRun): Promise<number> {
    let seconds = 0
    for (const name of this.#world.options.databases) {
      for (const end of await followDatabase(name, run)) {
        const line = describeFollowEnd(name, end)
        if (line !== undefined) this.#say(line)
        await this.#note(name, end)
        if (end.kind === 'left-alone') seconds = Math.max(seconds, end.seconds)
      }
      if (run.walk.allLeftAloneSeconds !== undefined) break
    }
    return seconds
  }

  async #note(name: DbName, end: FollowEnd): Promise<void> {
    const { clock, store, options, onEvent } = this.#world
    const now = clock.now()
    this.#memory = withResult(this.#memory, name, isFailing(end), now)
    if (end.kind === 'refused') {
      const until = epochMs(heldUntil(end, now))
      this.#memory = withRefused(this.#memory, { header: end.header, until }, now)
      // Before anything else may stop this master, or it would fetch all of it again.
      await this.#writeMemory()
    }
    const problem = problemOf(name, end, failingSince(this.#memory, name), now)
    const until = epochMs(now + 2 * options.everyMs)
    await tellErrors(() => keepProblem(store.notices, name, problem, { now, until }), onEvent)
  }

  async #writeMemory(): Promise<void> {
    await writeFileAtomic(memoryFile(this.#world), upstreamMemoryCodec.print(this.#memory))
  }

  #say(line: string): void {
    this.#world.onEvent(`upstream: ${line}`)
  }

  #sayOnce(line: string): void {
    if (this.#said.has(line)) return
    this.#said.add(line)
    this.#say(line)
  }
}

function memoryFile({ folder }: UpstreamWorld): string {
  return join(folder, 'memory.json')
}

/** Of databases that are not followed any more. */
async function dropOtherSets(folder: string, databases: readonly string[]): Promise<void> {
  await makeFolders(folder, 0o700)
  for (const name of await readdir(folder)) {
    if (!databases.includes(name)) await rm(join(folder, name), { recursive: true, force: true })
  }
}

/** Of everything by which content may be refused or taken. */
function fingerprint({ options, publishers }: UpstreamWorld): string {
  const { servers, databases, updateRecord } = options
  const trust = publishers.map(({ keys, certs, always }) => [keys.publisher, certs, always])
  const all = JSON.stringify([servers, databases, updateRecord, trust])
  return createHash('sha256').update(all).digest('hex')
}
