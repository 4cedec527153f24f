import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isListening } from '#adapters/system/index.ts'

/** One node of the demo: a settings file, and what listens when it runs. */
export interface DemoNode {
  readonly name: string
  readonly config: string
  readonly log: string
  /** Everything that answers once the node is up. */
  readonly listens: readonly { readonly host: string; readonly port: number }[]
}

export interface NodeProcess extends AsyncDisposable {
  readonly node: DemoNode
  readonly pid: number
}

const CVDNET = join(import.meta.dirname, '..', '..', 'bin', 'cvdnet.ts')
/** Seven processes start at once on a small machine. */
const UP_MS_MAX = 60_000
const LOOK_EVERY_MS = 25
/** A node's own stopping is bounded; beyond it something hangs. */
const STOP_MS_MAX = 15_000
const LOG_SHOWN_CHARS = 2_000

/**
 * Starts `cvdnet run` for a node as an operator would, with its words in a log beside its settings. It ends with this
 * process, however that ends. Resolves when everything it listens on answers.
 */
export async function startNode(
  node: DemoNode,
  onEnd: (how: string) => void,
): Promise<NodeProcess> {
  await using log = await open(node.log, 'a')
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'TERM', process.execPath, CVDNET, 'run', '--config', node.config],
    { stdio: ['ignore', log.fd, log.fd] },
  )
  const stop = new AbortController()
  const ended = once(child, 'exit').then(() => {
    const how = child.signalCode ?? `status ${child.exitCode}`
    if (!stop.signal.aborted) onEnd(how)
    return how
  })
  try {
    await Promise.race([
      untilUp(node, stop.signal),
      ended.then((how) => Promise.reject(new Error(`it ended with ${how}`))),
    ])
  } catch (cause) {
    stop.abort(new Error('It does not start'))
    child.kill('SIGKILL')
    const said = (await readFile(node.log, 'utf8')).slice(-LOG_SHOWN_CHARS)
    throw new Error(`Cannot start ${node.name} (${node.config}):\n${said}`, { cause })
  }
  return {
    node,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('Stopping'))
      await end(child, ended)
    },
  }
}

async function untilUp({ listens }: DemoNode, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + UP_MS_MAX
  for (const { host, port } of listens) {
    while (!(await isListening(host, port))) {
      signal.throwIfAborted()
      if (Date.now() > deadline) throw new Error(`nothing answers at ${host} port ${port}`)
      await wait(LOOK_EVERY_MS)
    }
  }
}

async function end(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
  await ended
  clearTimeout(timer)
}
