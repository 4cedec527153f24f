/**
 * A process that was killed with SIGKILL leaves its rsync running, and that one goes on writing into the staging
 * folder, also after the next run has verified it. So whoever pulls ends such an rsync first. It is known by its
 * command line: the program is ours and its last argument is our staging folder. Looking at every process is dear, so
 * a mark beside the folder says whether a pull was cut off at all.
 */
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'

/** A killed process is gone at once, unless its disk hangs. */
const GONE_WITHIN_MS = 5_000
const LOOK_AGAIN_MS = 20

/** Made before an rsync starts, and gone when it has ended under our eyes. A power cut leaves no process either. */
function pullMark(into: string): string {
  return `${into.replace(/\/+$/, '')}.pulling`
}

/**
 * Resolves when no rsync writes into `into` any more, and marks that one is going to. Where there is no /proc, there
 * is nothing to be found.
 */
export async function beginPull(into: string, signal: AbortSignal): Promise<AsyncDisposable> {
  const mark = pullMark(into)
  if ((await stat(mark).catch(() => undefined)) !== undefined) await endOrphans(into, signal)
  await writeFile(mark, '')
  return { [Symbol.asyncDispose]: () => rm(mark, { force: true }) }
}

async function endOrphans(into: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + GONE_WITHIN_MS
  for (;;) {
    const found = await writers(into)
    if (found.length === 0) return
    if (performance.now() > deadline) {
      throw new Error(`rsync ${found.join(', ')} still writes into "${into}"`)
    }
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended by itself in this moment, or is not ours to end, which the deadline then says.
      }
    }
    await setTimeout(LOOK_AGAIN_MS, undefined, { signal })
  }
}

async function writers(into: string): Promise<readonly number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue
    // Empty for a zombie, which writes nothing.
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    const args = line.split('\0').slice(0, -1)
    if (args.at(-1) === into && /(?:^|\/)rsync$/.test(args[0] ?? '')) found.push(Number(name))
  }
  return found
}
