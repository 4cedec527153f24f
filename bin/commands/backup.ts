import type { Command } from 'commander'
import type { StoreSummary } from '#adapters/sqlite/index.ts'
import { CommandEnd, EXIT, ended, say } from '../io.ts'

const CONFIG = [
  '--config <file>',
  'the settings that say where the store is',
  'cvdnet.toml',
] as const

export function addBackupCommands(cvdnet: Command): void {
  cvdnet
    .command('backup')
    .description('copy the SQLite store, also while it is in use, and look the copy through')
    .argument('<file>', 'where to; it must not be there yet')
    .option(...CONFIG)
    .action(async (file: string, flags: { readonly config: string }) => {
      const { backUpStore } = await import('#adapters/sqlite/index.ts')
      const store = await storeOf(flags.config)
      const summary = await refusing(backUpStore(store, file))
      say(`"${file}" holds ${describe(summary)}`)
    })
  cvdnet
    .command('restore')
    .description('put a backup in the place of the SQLite store, which must not be in use')
    .argument('<file>', 'a backup')
    .option(...CONFIG)
    .option('--force', 'also over a store that is newer, damaged, or none of ours')
    .action(async (file: string, flags: { readonly config: string; readonly force?: boolean }) => {
      const { restoreStore } = await import('#adapters/sqlite/index.ts')
      const store = await storeOf(flags.config)
      const summary = await refusing(restoreStore(file, store, { force: flags.force === true }))
      say(`"${store}" holds ${describe(summary)}`)
    })
}

async function storeOf(config: string): Promise<string> {
  const { readSettings } = await import('./run/roles.ts')
  const { store } = await readSettings(config)
  if (store.kind === 'sqlite') return store.path
  throw new CommandEnd(EXIT.usage, 'the store is in PostgreSQL: use pg_dump and pg_restore')
}

async function refusing<T>(work: Promise<T>): Promise<T> {
  const { BackupError } = await import('#adapters/sqlite/index.ts')
  try {
    return await work
  } catch (error) {
    if (error instanceof BackupError) throw ended(EXIT.refused, error.message, error)
    throw error
  }
}

function describe({ mirrors, sigmakers, entries, serial }: StoreSummary): string {
  const newest = serial === undefined ? 'no release' : `release ${serial}`
  return `${newest}, ${mirrors} mirror(s), ${sigmakers} sigmaker(s), ${entries} journal entries`
}
