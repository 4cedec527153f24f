import type { Command } from 'commander'
import {
  configOption,
  jsonOption,
  listOption,
  type OfficeFlags,
  reasonOption,
} from './mirror/options.ts'

export interface SigmakerFlags extends OfficeFlags {
  readonly key: readonly string[]
  readonly database: readonly string[]
  readonly mail?: string
  readonly reason: string
}

/** `cvdnet sigmaker …`: who may release, and what (R88–R90). */
export function addSigmakerCommands(cvdnet: Command): void {
  const sigmaker = cvdnet
    .command('sigmaker')
    .description('who may release, and what; masters follow without a restart')
  sigmaker
    .command('list')
    .description('every sigmaker, his databases and keys')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (flags: OfficeFlags) => {
      const { listSigmakers } = await import('./sigmaker/list.ts')
      await listSigmakers(flags)
    })
  sigmaker
    .command('authorized-keys')
    .description('keys for the account of the trigger, where OpenSSH stands before the master')
    .addOption(configOption())
    .action(async (flags: OfficeFlags) => {
      const { printSigmakerKeys } = await import('./sigmaker/authorized-keys.ts')
      await printSigmakerKeys(flags)
    })
  acting(sigmaker, 'add', 'let somebody release; verify his key by another way first')
    .addOption(keyOption())
    .addOption(listOption('--database <name>', 'that he may release, or "*"; may be given again'))
    .option('--mail <address>', 'where the network writes to him')
    .action(async (name: string, flags: SigmakerFlags) => {
      const { addSigmaker } = await import('./sigmaker/change.ts')
      await addSigmaker(name, flags)
    })
  acting(sigmaker, 'rotate', 'other keys: the old ones open nothing from now on')
    .addOption(keyOption())
    .addOption(reasonOption())
    .action(async (name: string, flags: SigmakerFlags) => {
      const { rotateSigmaker } = await import('./sigmaker/change.ts')
      await rotateSigmaker(name, flags)
    })
  acting(sigmaker, 'remove', 'let him release no longer')
    .addOption(reasonOption())
    .action(async (name: string, flags: SigmakerFlags) => {
      const { removeSigmaker } = await import('./sigmaker/change.ts')
      await removeSigmaker(name, flags)
    })
}

function acting(sigmaker: Command, verb: string, about: string): Command {
  return sigmaker
    .command(verb)
    .description(about)
    .argument('<name>', 'of the sigmaker')
    .addOption(configOption())
    .addOption(jsonOption())
}

function keyOption() {
  return listOption('--key <key>', 'ssh public key, a line or a file; may be given again')
}
