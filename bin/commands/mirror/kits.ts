import type { Command } from 'commander'
import { configOption, jsonOption, type OfficeFlags } from './options.ts'

export interface KitFlags extends OfficeFlags {
  readonly output?: string
  readonly home?: string
  readonly documentRoot: string
}

export interface JoinFlags {
  readonly here?: string
  readonly fingerprint?: string
  readonly json?: boolean
}

/** `kit` is made by the team, `join` is run on the mirror. */
export function addKitCommands(mirror: Command): void {
  mirror
    .command('kit')
    .description('write the folder that an operator needs: login, keys, settings, ten steps')
    .argument('<name>', 'of the mirror')
    .option('-o, --output <dir>', 'a folder that does not exist yet; default: kit-NAME')
    .option('--home <dir>', 'home of the account on the mirror; default: /home/ACCOUNT')
    .option('--document-root <dir>', 'of its web server', '/var/www/clamav')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', KIT_HELP)
    .action(async (name: string, flags: KitFlags) => {
      const { kit } = await import('./kit.ts')
      await kit(name, flags)
    })
  mirror
    .command('join')
    .description("on the mirror's machine: check a kit and install it")
    .argument('<kit>', 'the folder that the team has handed over')
    .option('--here <dir>', 'install below this folder for yourself, without root')
    .option('--fingerprint <hex>', "of the network's key, as the team told it by another way")
    .addOption(jsonOption())
    .addHelpText('after', JOIN_HELP)
    .action(async (kit: string, flags: JoinFlags) => {
      const { join } = await import('./join.ts')
      await join(kit, flags)
    })
}

const KIT_HELP = `
The folder holds passwords: hand it over on a way that nobody else reads. Its files are signed
with the network's OpenPGP key, made at the first use; tell its fingerprint by another way.`

const JOIN_HELP = `
As root it does steps 2 to 5 and 7 of the kit's README: account, folders, modes, keys, settings.
Run it again after anything went wrong, or with a newer kit: what is right is left alone, and
what an operator changed in clam-clientsync.conf stays. Then: cvdnet run --config …/cvdnet.toml`
