import type { Command, Option } from 'commander'

export interface LegacyCommandOptions {
  readonly output: string
  readonly keys: readonly string[]
  readonly unsigned?: boolean
}

/** `cvdnet cvd legacy`: what clients of 2003 download. */
export function addLegacyCommand(cvd: Command, shared: readonly Option[]): void {
  const legacy = cvd
    .command('legacy')
    .description('write viruses.db, viruses.db2 and their MD5 files for clients of 2003')
    .argument('<main>', 'the main database; becomes viruses.db')
    .argument('<daily>', 'the daily database; becomes viruses.db2')
    .requiredOption('-o, --output <dir>', 'folder for the four files; made if need be')
    .addHelpText('after', LEGACY_HELP)
    .action(async (main: string, daily: string, options: LegacyCommandOptions) => {
      const { writeLegacy } = await import('./cvd/legacy.ts')
      await writeLegacy(main, daily, options)
    })
  for (const option of shared) legacy.addOption(option)
}

const LEGACY_HELP = `
Only signatures that the old format can say are written: .db lines, and .ndb lines for any file at any place.
Exit status: 0 written, 1 refused (nothing is written), 2 wrong use, 3 a file cannot be read or written.`
