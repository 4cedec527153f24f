import { type Command, InvalidArgumentError } from 'commander'
import type { BuildOptions } from './build.ts'
import type { DiffCommandOptions } from './diff.ts'
import { keysOption, unsignedOption } from './options.ts'
import type { RebuildOptions } from './rebuild.ts'

/** The commands that make databases and patches; `cvd.ts` has those that look at them. */
export function addMakingCommands(cvd: Command): void {
  cvd
    .command('build')
    .description('make a database out of a folder of signature files')
    .argument('<dir>', 'holds NAME.ndb, NAME.hdb …, and COPYING if you have one')
    .requiredOption('--name <name>', 'short name of the database: daily')
    .requiredOption('--version <number>', 'one more than the last published one', wholeNumber)
    .requiredOption(
      '-o, --output <file>',
      'a .cvd (signed), .cud (unsigned) or .cld (signed); replaced',
    )
    .option('--key <file>', 'the secret keys that sign, from `cvdnet key new`')
    .option('--builder <name>', 'who builds it; by default the publisher of the key')
    .option('--time <seconds>', 'build time in Unix seconds instead of now', wholeNumber)
    .option('--level <number>', 'functionality level: for which engines', wholeNumber, LEVEL)
    .addHelpText('after', BUILD_HELP)
    .action(async (folder: string, options: BuildOptions) => {
      const { build } = await import('./build.ts')
      await build(folder, options)
    })
  cvd
    .command('diff')
    .description('make the patch that leads from one version of a database to the next')
    .argument('<old>', 'a .cvd, .cld or .cud')
    .argument('<new>', 'the next version')
    .requiredOption('-o, --output <file>', 'NAME-VERSION.cdiff, or NAME-VERSION.script')
    .option('--key <file>', 'the secret keys that sign, from `cvdnet key new`')
    .option('--script', 'the plain script, without signature')
    .addOption(keysOption())
    .addOption(unsignedOption())
    .addHelpText('after', DIFF_HELP)
    .action(async (old: string, fresh: string, options: DiffCommandOptions) => {
      const { diff } = await import('./diff.ts')
      await diff(old, fresh, options)
    })
  addPatchingCommands(cvd)
}

function addPatchingCommands(cvd: Command): void {
  cvd
    .command('apply')
    .description('apply patches to a database, as freshclam does')
    .argument('<old>', 'a .cvd or .cld')
    .argument('<cdiff...>', 'NAME-VERSION.cdiff, one for each version in a row')
    .requiredOption('-o, --output <file>', 'the new .cld')
    .addOption(keysOption())
    .addHelpText('after', APPLY_HELP)
    .action(async (old: string, patches: readonly string[], options: RebuildOptions) => {
      const { apply } = await import('./rebuild.ts')
      await apply(old, patches, options)
    })
  cvd
    .command('rebuild')
    .description('make a published database again out of the one before, patches and its header')
    .argument('<old>', 'a .cvd or .cld')
    .argument('[cdiff...]', 'NAME-VERSION.cdiff, one for each version in a row')
    .requiredOption('--header <file>', 'the first 512 bytes of the published database, or more')
    .requiredOption('-o, --output <file>', 'the new .cvd')
    .addOption(keysOption())
    .addHelpText('after', REBUILD_HELP)
    .action(
      async (
        old: string,
        patches: readonly string[],
        options: RebuildOptions & { readonly header: string },
      ) => {
        const { rebuild } = await import('./rebuild.ts')
        await rebuild(old, patches, options)
      },
    )
}

/** ClamAV 1.4.6, as Debian has it. sigtool takes its own by default, too. */
const LEVEL = 216

function wholeNumber(text: string): number {
  if (!/^(?:0|[1-9]\d{0,9})$/.test(text)) throw new InvalidArgumentError('Not a whole number.')
  return Number(text)
}

const BUILD_HELP = `
The form of every line is checked first; whether an engine likes what it says, "clamscan -d"
tells. A database is made of NAME.ndb, NAME.hdb …; other files are left out. Engines older than the level warn, but load the database.
Stock ClamAV engines load own data from a .cud; a .cvd or .cld signed with own keys is for
cvdnet's own updater and for test clients.
Exit status: 0 built, 1 a file is not right, 2 wrong use, 3 a file cannot be read or written.`

const DIFF_HELP = `
Both databases are verified first (whoever signs with --key is trusted, too), and the patch is tried on the old one before it is
written. Exit status: 0 made, 1 not possible or not verified, 2 wrong use, 3 a file cannot
be read or written.`

const APPLY_HELP = `
The result is a .cld: the list of members is the one that the publisher signed, but only
he can sign a .cvd. Who has its 512 bytes of header gets the .cvd by "cvdnet cvd rebuild".
Exit status: 0 applied and verified, 1 not, 2 wrong use, 3 a file cannot be read or written.`

const REBUILD_HELP = `
Exit status: 0 the published bytes came out and verify, 1 they did not (take the whole file
then), 2 wrong use, 3 a file cannot be read or written.`
