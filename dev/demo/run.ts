import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { SigmakerClient } from '#adapters/ssh/index.ts'
import { writeOwnContent } from './content.ts'
import type { DemoKeys } from './layout.ts'
import type { NetworkJson } from './network-json.ts'
import { nextBuild, releasesOf, type Upload } from './sets.ts'
import { heading, Spread, showNetwork, showWhatToTry } from './show.ts'
import { startNodes } from './start-nodes.ts'
import { missingFrom } from './verify.ts'

export interface RunOptions {
  readonly folder: string
  readonly masters: number
  readonly mirrors: number
  /** Undefined: a database of the demo's own. */
  readonly release: readonly string[] | undefined
  readonly exit: boolean
}

/** What a demo talks to: processes of their own, known by their addresses only. */
export interface RunningNetwork {
  readonly json: NetworkJson
  readonly keys: DemoKeys
}

const DONE = 0
const REFUSED = 1
const WORLD_FAILED = 3

/** `cvdnet demo`: starts the network, releases, shows how it spreads, and stays until it is told to stop. */
export async function runDemo(options: RunOptions): Promise<number> {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => stop.abort(new Error(name)))
  }
  for (const path of options.release ?? []) {
    if (await cannotRead(path)) {
      process.stderr.write(`cvdnet: Cannot read "${path}"\n`)
      return WORLD_FAILED
    }
  }
  await using network = await startNodes(options)
  showNetwork(network.json, network.nodes, options.folder)
  let failed = 0
  const released: Upload[] = []
  for (const uploads of await planned(options, network)) {
    if (stop.signal.aborted) return DONE
    if (await release(network, uploads, stop.signal)) released.push(...uploads)
    else failed += 1
  }
  if (options.exit) return await verdict(network, released, failed)
  await showWhatToTry(network, options.folder)
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
  process.stdout.write('\nstopping\n')
  return DONE
}

async function planned(
  options: RunOptions,
  { json, keys }: RunningNetwork,
): Promise<readonly (readonly Upload[])[]> {
  if (options.release !== undefined) return await releasesOf(options.release)
  const next = await nextBuild(options.folder, json.masters[0]?.name ?? '')
  return [await writeOwnContent(join(options.folder, 'own'), next, keys)]
}

/** Uploads and notifies as a sigmaker would. True when the master published it, or had it already. */
async function release(
  { json, keys }: RunningNetwork,
  uploads: readonly Upload[],
  signal: AbortSignal,
): Promise<boolean> {
  const [master] = json.masters
  if (master === undefined) return false
  process.stdout.write(`${heading(`Releasing ${uploads.map(({ as }) => as).join(', ')}`)}\n`)
  const client = new SigmakerClient({
    host: master.host,
    port: master.sshPort,
    hostKey: master.hostKey,
    privateKey: keys.sigmaker.privateKey,
  })
  const spread = new Spread(json.mirrors.map(({ name }) => name))
  await client.upload(json.sigmaker.uploadUser, uploads, signal)
  const status = await client.notify(
    json.sigmaker.notifyUser,
    (line, to) => {
      // The mirrors' own lines are shown by the picture of the spread.
      if (spread.hear(line)) return
      process.stdout.write(to === 'err' ? `${styleText('red', line)}\n` : `${line}\n`)
    },
    signal,
  )
  if (status === DONE) process.stdout.write(`${spread.table()}\n`)
  return status === DONE
}

/** Asks every mirror for every file, as a client would, and compares the bytes. */
async function verdict(
  { json }: RunningNetwork,
  released: readonly Upload[],
  failed: number,
): Promise<number> {
  const missing = await missingFrom(json.mirrors, released)
  for (const line of missing) process.stderr.write(`${styleText('red', line)}\n`)
  const good = missing.length === 0 && failed === 0
  const words = good
    ? styleText('green', `every one of ${json.mirrors.length} mirrors serves what was released`)
    : styleText('red', `${failed} release(s) refused, ${missing.length} file(s) missing`)
  process.stdout.write(`\n${words}\n`)
  return good ? DONE : REFUSED
}

async function cannotRead(path: string): Promise<boolean> {
  return await access(path).then(
    () => false,
    () => true,
  )
}
