import { appendFileSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { systemClock } from '#adapters/system/index.ts'
import { rootVersionOf } from '#adapters/tuf/index.ts'
import type { ClientPlan } from '#core/update/index.ts'
import type { PublisherKeys } from '#formats/dsig/index.ts'
import { Alarm, keepUpdating, runClient, UpdateBusyError, type Voice } from '#roles/update/index.ts'
import manifest from '../../../package.json' with { type: 'json' }
import { because, CommandEnd, complain, EXIT, ended, say, sayJson } from '../../io.ts'
import { readPublishers } from '../cvd/common.ts'
import type { UpdateFlags } from '../update.ts'
import { endJson, faultJson } from './end-json.ts'
import { becomeOwner } from './owner.ts'
import { readPlan } from './plan.ts'

/** Of curl, and so of freshclam (formats.md 5.2). */
const AUTHORITIES = 'CURL_CA_BUNDLE'

/** With `--json` a program that reads us is told of an end without a run too, by a document of the same shape. */
export async function update(flags: UpdateFlags): Promise<number> {
  try {
    return await start(flags)
  } catch (error) {
    if (flags.json === true) tellJson(flags, faultJson(error))
    throw error
  }
}

async function start(flags: UpdateFlags): Promise<number> {
  const publishers = await readPublishers(flags.keys)
  const authorities = await readAuthorities()
  const { networkRoot } = flags
  if (networkRoot !== undefined) await checkRoot(networkRoot)
  const plan = await readPlan(flags.config)
  const stop = new AbortController()
  const onSignal = (name: string) => stop.abort(new Error(`stopped by ${name}`))
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  const client = new Client(flags, { publishers, authorities, networkRoot }, stop.signal)
  if (flags.daemon === true) return await client.stay(plan)
  await becomeOwner(plan.owner)
  return await client.once(plan)
}

async function readAuthorities(): Promise<string | undefined> {
  const file = process.env[AUTHORITIES]
  if (file === undefined || file === '') return undefined
  return await readFile(file, 'utf8').catch((error: unknown) => {
    throw ended(EXIT.usage, `cannot read "${file}", which ${AUTHORITIES} names`, error)
  })
}

async function checkRoot(file: string): Promise<void> {
  await rootVersionOf(file).catch((error: unknown) => {
    throw ended(EXIT.usage, `"${file}" is not the root.json of a network`, error)
  })
}

interface Trust {
  readonly publishers: readonly PublisherKeys[]
  readonly authorities: string | undefined
  readonly networkRoot: string | undefined
}

class Client {
  readonly #flags: UpdateFlags
  readonly #trust: Trust
  readonly #signal: AbortSignal

  constructor(flags: UpdateFlags, trust: Trust, signal: AbortSignal) {
    this.#flags = flags
    this.#trust = trust
    this.#signal = signal
  }

  /** Resolves to the exit status. */
  async once(plan: ClientPlan): Promise<number> {
    const voice = this.#voice(plan)
    const { version } = manifest
    try {
      const options = { plan, ...this.#trust, version, clock: systemClock, voice }
      const end = await runClient(options, this.#signal)
      if (this.#flags.json === true) tellJson(this.#flags, endJson(end))
      return end.status
    } catch (error) {
      const status = this.#signal.aborted ? EXIT.world : EXIT.refused
      if (status === EXIT.refused && !(error instanceof UpdateBusyError)) throw error
      throw ended(status, wordsOf(error), error)
    }
  }

  /** Until a signal ends it. */
  async stay(first: ClientPlan): Promise<number> {
    let plan = first
    const { pidFile } = plan
    if (plan.checksADay === 0) {
      throw new CommandEnd(EXIT.usage, 'Checks is 0: a daemon would never look')
    }
    if (pidFile !== undefined) await writePidFile(pidFile)
    await becomeOwner(plan.owner)
    const alarm = new Alarm()
    process.on('SIGUSR1', () => alarm.ring())
    let hangup = new AbortController()
    process.on('SIGHUP', () => hangup.abort())
    while (!this.#signal.aborted) {
      const signal = AbortSignal.any([this.#signal, hangup.signal])
      const pace = { checksADay: plan.checksADay, clock: systemClock, draw: Math.random }
      await keepUpdating(pace, () => this.#try(plan), { alarm, signal })
      if (!hangup.signal.aborted) continue
      hangup = new AbortController()
      plan = await this.#readAgain(plan)
    }
    if (pidFile !== undefined) await removePidFile(pidFile)
    return EXIT.done
  }

  /** What the world refuses today it may give tomorrow. */
  async #try(plan: ClientPlan): Promise<void> {
    try {
      await this.once(plan)
    } catch (error) {
      const isWorlds = error instanceof CommandEnd || (error instanceof Error && 'code' in error)
      if (!isWorlds) throw error
      if (this.#signal.aborted) return
      this.#voice(plan).complain(error.message)
      if (this.#flags.json === true) tellJson(this.#flags, faultJson(error))
    }
  }

  async #readAgain(plan: ClientPlan): Promise<ClientPlan> {
    try {
      const next = await readPlan(this.#flags.config)
      if (next.checksADay > 0) return next
      complain('not reloaded: Checks is 0; everything goes on as it was')
    } catch (error) {
      if (!(error instanceof CommandEnd)) throw error
      complain(`not reloaded: ${error.message}; everything goes on as it was`)
    }
    return plan
  }

  #voice({ logFile }: ClientPlan): Voice {
    const log = (line: string) => {
      if (logFile === undefined) return
      try {
        appendFileSync(logFile, `${new Date().toISOString()} ${line}\n`)
      } catch (error) {
        complain(`cannot write to "${logFile}"${because(error)}`)
      }
    }
    return {
      print: (line) => {
        if (this.#flags.json !== true) say(line)
        log(line)
      },
      complain: (line) => {
        complain(line)
        log(line)
      },
    }
  }
}

function tellJson({ daemon }: UpdateFlags, document: unknown): void {
  if (daemon === true) process.stdout.write(`${JSON.stringify(document)}\n`)
  else sayJson(document)
}

async function writePidFile(path: string): Promise<void> {
  await writeFile(path, `${process.pid}\n`).catch((error: unknown) => {
    throw ended(EXIT.world, `cannot write the PidFile "${path}"`, error)
  })
}

/** Unless another one has written its own there by now. */
async function removePidFile(path: string): Promise<void> {
  const found = await readFile(path, 'utf8').catch(() => '')
  if (found !== `${process.pid}\n`) return
  await rm(path, { force: true }).catch((error: unknown) => {
    complain(`cannot remove the PidFile "${path}"${because(error)}`)
  })
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
