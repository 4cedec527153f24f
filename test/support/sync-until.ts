/**
 * A child process for the kill tests: one sync that ends itself, as a power cut would, at the Nth step.
 * Usage: sync-until.ts CONF HOME N [REBUILD_FROM_BYTES [SOURCE]]. Step 0 is the first line that tells of a file. Without a kill it prints its steps.
 */
import { syncOnce } from '#roles/mirror/index.ts'

const [confFile = '', home = '', number = '', bytesMin, master = 'rsync1'] = process.argv.slice(2)
const steps: string[] = []

function onStep(step: string): void {
  steps.push(step)
  if (steps.length === Number(number)) process.kill(process.pid, 'SIGKILL')
}

function print(line: string): void {
  if (number === '0' && line.startsWith('  ')) process.kill(process.pid, 'SIGKILL')
}

const voice = { print, complain: (line: string) => process.stderr.write(`${line}\n`) }
const signal = AbortSignal.timeout(60_000)
const end = await syncOnce({
  confFile,
  home,
  master,
  ...(bytesMin !== undefined && { rebuildBytesMin: Number(bytesMin) }),
  voice,
  onStep,
  signal,
})
process.stdout.write(`${JSON.stringify({ kind: end.kind, steps })}\n`)
