import type { Command } from 'commander'
import { keysOption } from './cvd/options.ts'

/** `cvdnet update`: a client that reads `freshclam.conf`. 0 done; 1 refused; 2 a configuration with faults; 3 the world failed. */
export function addUpdateCommand(cvdnet: Command): void {
  cvdnet
    .command('update')
    .description('bring the databases of this machine up to date, as freshclam does and more')
    .option('--config <file>', 'a freshclam.conf', '/etc/clamav/freshclam.conf')
    .addOption(keysOption())
    .option(
      '--network-root <file>',
      "the network's root.json: nothing is believed but what its signed manifest says",
    )
    .option('--daemon', 'stay in the foreground, and look as often a day as Checks says')
    .option('--json', 'one JSON document; with --daemon one a run, each on a line')
    .addHelpText(
      'after',
      `
Reads each mirror in turn, applies patches or fetches the whole, verifies, tries the engine, switches, and tells clamd.
--keys trusts a further publisher for databases that are not ClamAV's (ExtraDatabase NAME in the configuration).

Exit status: 0 up to date, updated, or asked to wait; 1 something was refused; 2 the configuration; 3 the world failed;
another: OnUpdateExecute EXIT_n. SIGUSR1 has a --daemon look at once, SIGHUP read its configuration again.`,
    )
    .action(async (options: UpdateFlags) => {
      const { update } = await import('./update/run.ts')
      process.exitCode = await update(options)
    })
}

export interface UpdateFlags {
  readonly config: string
  readonly keys: readonly string[]
  readonly networkRoot?: string
  readonly daemon?: boolean
  readonly json?: boolean
}
