import type { Command } from 'commander'
import { configOption, jsonOption, type OfficeFlags } from './options.ts'

/** Commands that look. */
export function addLookCommands(mirror: Command): void {
  mirror
    .command('list')
    .description('every mirror and where it stands in its life')
    .option('--stage <stage>', 'only those: applied, checked, credentials, tested, listed, old, …')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (flags: OfficeFlags & { readonly stage?: string }) => {
      const { list } = await import('./list.ts')
      await list(flags)
    })
  mirror
    .command('show')
    .description('what is known of one mirror, and what was done to it')
    .argument('<name>', 'of the mirror')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (name: string, flags: OfficeFlags) => {
      const { show } = await import('./show.ts')
      await show(name, flags)
    })
  mirror
    .command('check')
    .description('look at a mirror as masters and clients see it, and sync it once if it may')
    .argument('<name>', 'of the mirror')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', CHECK_HELP)
    .action(async (name: string, flags: OfficeFlags) => {
      const { check } = await import('./check.ts')
      await check(name, flags)
    })
}

const CHECK_HELP = `
Each point is a yes, a no with what to do, or was not tried, with the reason. The result is
kept: without a no, "applied" becomes "checked", and, when the full sync was seen, "credentials"
becomes "tested". Run it on a master, whose key the mirror obeys.`
