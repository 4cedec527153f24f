import type { Command } from 'commander'
import { addMakingCommands } from './cvd/making.ts'
import { keysOption, unsignedOption } from './cvd/options.ts'
import { addLegacyCommand } from './cvd-legacy.ts'
import { addSignCommand, certsOption, levelOption } from './cvd-sign.ts'

interface CheckOptions {
  readonly json?: boolean
  readonly keys: readonly string[]
  readonly unsigned?: boolean
}

interface VerifyCommandOptions extends CheckOptions {
  readonly outer?: boolean
  readonly certs?: string
  readonly level?: number
}

/** `cvdnet cvd …`: databases and patches from the command line. */
export function addCvdCommands(cvdnet: Command): void {
  const cvd = cvdnet.command('cvd').description('look into databases, check them, make them')
  cvd
    .command('info')
    .description('show what databases say about themselves, and whether it is true')
    .argument('<file...>', 'a .cvd, .cld or .cud, or a patch, NAME-VERSION.cdiff')
    .option('--json', 'one object for one file, an array for several')
    .addOption(keysOption())
    .addOption(unsignedOption())
    .addHelpText('after', STATUS_HELP)
    .action(async (files: readonly string[], options: CheckOptions) => {
      const { showInfo } = await import('./cvd/info.ts')
      await showInfo(files, options)
    })
  cvd
    .command('verify')
    .description(
      'check databases: signatures, list of members, the hash of every member; and patches',
    )
    .argument('<file...>', 'a .cvd, .cld, .cud or .cdiff; with --certs any file that has a .sign')
    .option('--outer', 'only the MD5 of the content and the signature over it')
    .addOption(keysOption())
    .addOption(unsignedOption())
    .addOption(certsOption())
    .addOption(levelOption('--level <n>', 'for an engine of this functionality level'))
    .addHelpText('after', STATUS_HELP)
    .action(async (files: readonly string[], options: VerifyCommandOptions) => {
      const { verify } = await import('./cvd/verify.ts')
      await verify(files, options)
    })
  cvd
    .command('unpack')
    .description('write the members of a verified database into a new folder')
    .argument('<file>', 'a .cvd, .cld or .cud')
    .argument('<dir>', 'a folder that does not exist yet')
    .addOption(keysOption())
    .addOption(unsignedOption())
    .addHelpText('after', STATUS_HELP)
    .action(async (file: string, folder: string, options: CheckOptions) => {
      const { unpack } = await import('./cvd/unpack.ts')
      await unpack(file, folder, options)
    })
  addMakingCommands(cvd)
  addSignCommand(cvd)
  addLegacyCommand(cvd, [keysOption(), unsignedOption()])
}

const STATUS_HELP = `
Exit status: 0 all verified, 1 not all, 2 wrong use, 3 a file cannot be read.
ClamAV's own public keys are built in; without --keys nobody else's signature counts.`
