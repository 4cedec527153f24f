import { type Command, Option } from 'commander'
import { configOption, jsonOption, listOption, type OfficeFlags } from './options.ts'

export interface ApplicationFlags {
  readonly address: readonly string[]
  readonly country?: string
  readonly bandwidth?: string
  readonly host?: string
  readonly admin?: string
  readonly alias: readonly string[]
  readonly httpPort?: string
  readonly sshPort?: string
  readonly account?: string
  readonly hostKey?: string
}

/** `apply` is the applicant's, `add` the team's. */
export function addApplicationCommands(mirror: Command): void {
  const apply = mirror
    .command('apply')
    .description('write an application, for the team to take with "mirror add --application"')
    .argument('<name>', 'what the mirror is to be called: small letters, digits, "-"')
  addApplicationOptions(apply)
    .addOption(
      new Option('--here <dir>', 'make the ssh host key of our own server there, and tell it'),
    )
    .option('-o, --output <file>', 'where it goes; default: standard output')
    .action(async (name: string, flags: ApplicationFlags & ApplyFlags) => {
      const { apply: run } = await import('./apply.ts')
      await run(name, flags)
    })
  const add = mirror
    .command('add')
    .description('take an application into the registry')
    .argument('[name]', 'when it is not in a file')
  addApplicationOptions(add)
    .option('--application <file>', 'what "mirror apply" wrote')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (name: string | undefined, flags: ApplicationFlags & AddFlags) => {
      const { add: run } = await import('./add.ts')
      await run(name, flags)
    })
}

export interface ApplyFlags {
  readonly here?: string
  readonly output?: string
}

export interface AddFlags extends OfficeFlags {
  readonly application?: string
}

function addApplicationOptions(command: Command): Command {
  return command
    .addOption(listOption('--address <ip>', 'where clients find it; again for a second one'))
    .option('--country <code>', 'two letters of ISO 3166-1')
    .option('--bandwidth <mbit>', 'of its line, in Mbit/s')
    .option('--host <name>', 'where the masters call it; default: the first address')
    .option('--admin <mail>', 'who is told when something is wrong')
    .addOption(listOption('--alias <name>', 'a further name of its web server; may be given again'))
    .option('--http-port <port>', 'of its web server; default: 80')
    .option('--ssh-port <port>', 'of its ssh server; default: 22')
    .option('--account <name>', 'that the masters log into; default: clamavdb')
    .option('--host-key <key>', 'its ssh host key, a line or a file: "ssh-ed25519 AAAA…"')
}
