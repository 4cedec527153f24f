/** A run of the client with all around it: what the servers asked for, the scanner, and what the operator wants to be run. */
import { readdir } from 'node:fs/promises'
import { describeReload, reloadClamdOf } from '#adapters/clamd/index.ts'
import { firstText, HttpDatabaseServer, ownAgent } from '#adapters/database-server/index.ts'
import { DiskError, diskError } from '#adapters/disk/index.ts'
import { describeTrial, engineVersion, tryInEngine } from '#adapters/engine-test/index.ts'
import {
  describeRemembered,
  openFreshclamDat,
  writeFreshclamDat,
} from '#adapters/freshclam-dat/index.ts'
import { describeUpdateCommand, runUpdateCommand } from '#adapters/update-commands/index.ts'
import { type EpochSeconds, epochSeconds, toSeconds } from '#base/time.ts'
import {
  type ClientPlan,
  hasNews,
  isOlderEngine,
  leftAloneSeconds,
  quietUntil,
  statusOf,
  type UpdateReport,
} from '#core/update/index.ts'
import type { PublisherKeys } from '#formats/dsig/index.ts'
import type { FreshclamDat } from '#formats/freshclam-dat/index.ts'
import type { Clock } from '#ports/clock.ts'
import { UpdateBusyError, updateOnce } from './update-once.ts'
import type { EngineTest, Voice } from './world.ts'

export interface ClientOptions {
  readonly plan: ClientPlan
  /** Beside ClamAV. */
  readonly publishers: readonly PublisherKeys[]
  /** The network's root metadata: only its signed manifest is believed then. */
  readonly networkRoot?: string | undefined
  /** Our own version, for the servers' logs. */
  readonly version: string
  /** PEM of who may sign certificates. Absent: those that Node trusts. */
  readonly authorities?: string | undefined
  readonly clock: Clock
  readonly voice: Voice
}

export type ClientEnd =
  | { readonly kind: 'ran'; readonly report: UpdateReport; readonly status: number }
  /** The servers have asked for it, on an earlier run. */
  | { readonly kind: 'keeps-still'; readonly until: EpochSeconds; readonly status: 0 }

/** Throws what `updateOnce` throws; the operator's `OnErrorExecute` is run before. */
export async function runClient(options: ClientOptions, signal: AbortSignal): Promise<ClientEnd> {
  try {
    return await runOnce(options, signal)
  } catch (error) {
    // Another run at the same time has an end of its own.
    if (!signal.aborted && !(error instanceof UpdateBusyError)) {
      await execute(options, { name: 'OnErrorExecute', command: options.plan.onError }, signal)
    }
    throw error
  }
}

async function runOnce(options: ClientOptions, signal: AbortSignal): Promise<ClientEnd> {
  const { plan, clock, voice } = options
  await mustBeThere(plan.directory)
  const { dat, by } = await openFreshclamDat(plan.directory)
  const remark = describeRemembered(by)
  if (remark !== undefined) voice.complain(remark)
  const now = toSeconds(clock.now())
  const until = quietUntil(dat.retryAfter, now)
  if (until !== undefined) {
    const date = new Date(until * 1000).toISOString()
    voice.print(`the servers have asked to be left alone until ${date}`)
    return { kind: 'keeps-still', until, status: 0 }
  }
  const report = await askAndUpdate(options, dat, signal)
  await remember(plan.directory, dat, report, now).catch((error: unknown) => {
    // The disk may be full: what has come is told to the scanner all the same.
    if (!(error instanceof DiskError)) throw error
    voice.complain(error.message)
  })
  return { kind: 'ran', report, status: await afterwards(options, report, signal) }
}

/** It is not made: a scanner loads from it, and a name that is mistyped would go unnoticed. */
async function mustBeThere(directory: string): Promise<void> {
  try {
    await readdir(directory)
  } catch (error) {
    throw diskError(`look into "${directory}", the DatabaseDirectory`, error)
  }
}

async function askAndUpdate(
  { plan, publishers, networkRoot, version, authorities, clock, voice }: ClientOptions,
  { uuid }: FreshclamDat,
  signal: AbortSignal,
): Promise<UpdateReport> {
  await using server = new HttpDatabaseServer({
    agent: plan.agent ?? ownAgent(version, uuid),
    connectMsMax: plan.connectMsMax,
    silentMsMax: plan.silentMsMax,
    proxy: plan.proxy,
    localAddress: plan.localAddress,
    authorities,
  })
  const { directory, servers, databases, customUrls, attemptsMax } = plan
  const told = { directory, servers, databases, customUrls, attemptsMax }
  const engineTest = engineTestOf(plan, voice, signal)
  const resolveTxt = (name: string) => firstText(name, { signal })
  const trust = { publishers, networkRoot }
  const world = { ...told, ...trust, server, resolveTxt, engineTest, clock, voice }
  return await updateOnce(world, signal)
}

function engineTestOf(plan: ClientPlan, voice: Voice, signal: AbortSignal): EngineTest {
  let isMissingTold = false
  return async (file) => {
    if (!plan.testDatabases) return undefined
    const { certificates } = plan
    const trial = await tryInEngine(file, { signal, ...(certificates && { certificates }) })
    switch (trial.kind) {
      case 'refused':
      case 'broken-off':
        return describeTrial(trial)
      case 'loads':
        if (trial.words !== '') voice.complain(describeTrial(trial))
        return undefined
      case 'not-tried':
        if (!isMissingTold) voice.complain(describeTrial(trial))
        isMissingTold = true
        return undefined
    }
  }
}

async function remember(
  directory: string,
  dat: FreshclamDat,
  report: UpdateReport,
  now: EpochSeconds,
): Promise<void> {
  const seconds = leftAloneSeconds(report)
  const { retryAfter: before, ...rest } = dat
  if (seconds > 0) {
    await writeFreshclamDat(directory, { ...rest, retryAfter: epochSeconds(now + seconds) })
  } else if (before !== undefined) await writeFreshclamDat(directory, rest)
}

/** In freshclam's order (formats.md 5.8): clamd, then the operator's commands. Resolves to the status. */
async function afterwards(
  options: ClientOptions,
  report: UpdateReport,
  signal: AbortSignal,
): Promise<number> {
  const { plan, voice } = options
  let status: number = statusOf(report)
  const run = async (name: string, command: string | undefined, version?: string) => {
    status = (await execute(options, { name, command, version }, signal)) ?? status
  }
  if (hasNews(report)) {
    if (plan.notifyClamd !== undefined) {
      voice.print(describeReload(await reloadClamdOf(plan.notifyClamd, { signal })))
    }
    await run('OnUpdateExecute', plan.onUpdate)
  }
  if (statusOf(report) !== 0) await run('OnErrorExecute', plan.onError)
  const { newestClamav } = report
  const own = newestClamav === undefined ? undefined : await engineVersion(signal)
  if (own !== undefined && newestClamav !== undefined && isOlderEngine(own, newestClamav)) {
    voice.complain(`ClamAV ${own} is installed here, and ${newestClamav} is the newest`)
    await run('OnOutdatedExecute', plan.onOutdated, newestClamav)
  }
  return status
}

interface Hook {
  readonly name: string
  readonly command: string | undefined
  readonly version?: string | undefined
}

/** Resolves to the status with which the command wants us to end; undefined: it does not say. */
async function execute(
  { voice }: ClientOptions,
  { name, command, version }: Hook,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (command === undefined) return undefined
  const onLine = (line: string) => voice.print(`  ${line}`)
  const outcome = await runUpdateCommand(command, { onLine, signal, ...(version && { version }) })
  voice.print(describeUpdateCommand(name, outcome))
  return outcome.kind === 'end-with' ? outcome.status : undefined
}
