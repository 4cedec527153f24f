import { type Command, InvalidArgumentError } from 'commander'
import type { BuildOptions } from './build.ts'

/** The commands that make databases and patches; `cvd.ts` has those that look at them. */
export function addMakingCommands(cvd: Command): void {
  cvd
    .command('build')
    .description('make a database out of a folder of signature files')
    .argument('<dir>', 'holds NAME.ndb, NAME.hdb …, and COPYING if you have one')
    .requiredOption('--name <name>', 'short name of the database: daily')
    .requiredOption('--version <number>', 'one more than the last published one', wholeNumber)
    .requiredOption('-o, --output <file>', 'a .cvd (signed), .cud (unsigned) or .cld (signed)')
    .option('--key <file>', 'the secret keys that sign, from `cvdnet key new`')
    .option('--builder <name>', 'who builds it; by default the publisher of the key')
    .option('--time <seconds>', 'build time in Unix seconds instead of now', wholeNumber)
    .option('--level <number>', 'functionality level: for which engines', wholeNumber, LEVEL)
    .addHelpText('after', BUILD_HELP)
    .action(async (folder: string, options: BuildOptions) => {
      const { build } = await import('./build.ts')
      await build(folder, options)
    })
}

/** ClamAV 1.4.6, as Debian has it. sigtool takes its own by default, too. */
const LEVEL = 216

function wholeNumber(text: string): number {
  if (!/^(?:0|[1-9]\d{0,9})$/.test(text)) throw new InvalidArgumentError('Not a whole number.')
  return Number(text)
}

const BUILD_HELP = `
Every line is checked first. Engines older than the level warn, but load the database.
Stock ClamAV engines load own data from a .cud; a .cvd or .cld signed with own keys is for
cvdnet's own updater and for test clients.
Exit status: 0 built, 1 a file is not right, 2 wrong use, 3 a file cannot be read or written.`
