import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'

/** Loopback has more addresses, but a laptop with rsync processes for all of them has not. */
const MIRRORS_MAX = 50
/** Two cover for each other; more show nothing new. */
const MASTERS_MAX = 5

export function addDemoCommand(cvdnet: Command): void {
  cvdnet
    .command('demo')
    .description('run the whole network on this machine, on loopback addresses, without root')
    .option('--dir <dir>', 'where it keeps everything, also between runs', 'demo-data')
    .option('--masters <n>', 'how many masters', wholeNumber(1, MASTERS_MAX), 2)
    .option('--mirrors <n>', 'how many mirrors', wholeNumber(1, MIRRORS_MAX), 4)
    .option('--release <file...>', 'release these files in order, each database with its patches')
    .option('--exit', 'end after that: status 0 only if every mirror serves them')
    .action(async (flags: DemoFlags) => {
      const { runDemo } = await import('../../dev/demo/index.ts')
      process.exitCode = await runDemo({
        folder: resolve(flags.dir),
        masters: flags.masters,
        mirrors: flags.mirrors,
        release: flags.release,
        exit: flags.exit === true,
      })
    })
}

interface DemoFlags {
  readonly dir: string
  readonly masters: number
  readonly mirrors: number
  readonly release?: readonly string[]
  readonly exit?: boolean
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`it is a whole number from ${min} to ${max}`)
  }
}
