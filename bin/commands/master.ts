import type { Command } from 'commander'
import { configOption, jsonOption, type OfficeFlags, reasonOption } from './mirror/options.ts'

export interface MasterFlags extends OfficeFlags {
  readonly reason: string
}

/** `cvdnet master …`: which masters there are, and which of them are known to be away (decision 8). */
export function addMasterCommands(cvdnet: Command): void {
  const master = cvdnet
    .command('master')
    .description('which masters there are, and which of them are known to be away')
  master
    .command('list')
    .description('every master, where the others call it, and whether it is out')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (flags: OfficeFlags) => {
      const { listMasters } = await import('./master/list.ts')
      await listMasters(flags)
    })
  for (const [whither, about] of [
    ['out', 'it is known to be away: automatic updates do not wait for it'],
    ['in', 'it is back: without it in reach no content is updated by itself'],
  ] as const) {
    master
      .command(whither)
      .description(about)
      .argument('<name>', 'of the master')
      .addOption(configOption())
      .addOption(jsonOption())
      .addOption(reasonOption())
      .action(async (name: string, flags: MasterFlags) => {
        const { sayMaster } = await import('./master/say.ts')
        await sayMaster(name, whither, flags)
      })
  }
}
