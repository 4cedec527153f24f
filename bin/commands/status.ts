import type { Command } from 'commander'
import { EXIT } from '../io.ts'

export function addStatusCommand(cvdnet: Command): void {
  cvdnet
    .command('status')
    .description('what is published, who has it, what is wrong since when, and what is next')
    .option('--config <file>', 'the settings; see cvdnet.example.toml', 'cvdnet.toml')
    .option('--watch', 'show it anew at each change, until SIGINT')
    .option('--json', 'one JSON document; with --watch one a line')
    .addHelpText(
      'after',
      '\nExit status: 0 all is well, 1 there are problems, 3 the store is away.',
    )
    .action(
      async (flags: {
        readonly config: string
        readonly watch?: boolean
        readonly json?: boolean
      }) => {
        const { showStatus } = await import('./status/show.ts')
        const isWell = await showStatus(flags.config, {
          isWatching: flags.watch === true,
          isJson: flags.json === true,
        })
        process.exitCode = isWell ? EXIT.done : EXIT.refused
      },
    )
}
