import { type Command, InvalidArgumentError, Option } from 'commander'

/** `cvdnet cvd sign`, and what `cvdnet cvd verify` needs to check what it made. */
export function addSignCommand(cvd: Command): void {
  cvd
    .command('sign')
    .description('make the detached signature (.sign) that engines from 1.5 on look for')
    .argument('<file>', 'a database, a patch, or any other file')
    .requiredOption(
      '--cert <file>',
      'certificate in PEM: first the signer, then (again) those between it and the root',
      (file: string, files: readonly string[] = []) => [...files, file],
    )
    .requiredOption('--key <file>', "the signer's private key in PEM, RSA or EC")
    .option(
      '--append',
      'add a line to an existing .sign; the first line that fits an engine counts',
    )
    .addOption(levelOption('--min-level <n>', 'engines below this level do not look at the line'))
    .addOption(levelOption('--max-level <n>', 'engines above this level do not look at the line'))
    .addHelpText('after', SIGN_HELP)
    .action(async (file: string, options: SignCommandOptions) => {
      const { sign } = await import('./cvd/sign.ts')
      await sign(file, options)
    })
}

export interface SignCommandOptions {
  readonly cert: readonly string[]
  readonly key: string
  readonly append?: boolean
  readonly minLevel?: number
  readonly maxLevel?: number
}

export function certsOption(): Option {
  return new Option('--certs <dir>', 'check the .sign beside the file against these certificates')
}

export function levelOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('not a functionality level')
    return Number(text)
  })
}

const SIGN_HELP = `
Exit status: 0 signed, 1 refused (engines would not take it), 2 wrong use, 3 a file cannot be read or written.
A certificate with an extended key usage needs emailProtection in it, or engines refuse every file signed with it.
Publish the .sign before the database: engines that find a wrong one refuse the database.`
