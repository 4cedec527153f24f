import { Command, CommanderError } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import { addBackupCommands } from './commands/backup.ts'
import { addClientsyncCommand } from './commands/clientsync.ts'
import { addCvdCommands } from './commands/cvd.ts'
import { addDemoCommand } from './commands/demo.ts'
import { addDnsKeyCommands } from './commands/dns-key.ts'
import { addExplainCommand } from './commands/explain.ts'
import { addKeyCommands } from './commands/key.ts'
import { addMasterCommands } from './commands/master.ts'
import { addMirrorCommands } from './commands/mirror.ts'
import { addNotifyCommand } from './commands/notify.ts'
import { addReleaseCommand } from './commands/release.ts'
import { addRunCommand } from './commands/run.ts'
import { addSigmakerCommands } from './commands/sigmaker.ts'
import { addStatusCommand } from './commands/status.ts'
import { addUpdateCommand } from './commands/update.ts'
import { CommandEnd, complain, EXIT, mindStandardOutput } from './io.ts'

/** The one door of the command line. Each command loads its own part of the program when it is used. */
export function program(): Command {
  const cvdnet = new Command('cvdnet')
    .description(manifest.description)
    .version(manifest.version)
    // `--version` behind a command is that command's.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(cvdnet --help lists the commands)')
  addCvdCommands(cvdnet)
  addKeyCommands(cvdnet)
  addReleaseCommand(cvdnet)
  addRunCommand(cvdnet)
  addStatusCommand(cvdnet)
  addClientsyncCommand(cvdnet)
  addUpdateCommand(cvdnet)
  addMasterCommands(cvdnet)
  addNotifyCommand(cvdnet)
  addMirrorCommands(cvdnet)
  addSigmakerCommands(cvdnet)
  addBackupCommands(cvdnet)
  addExplainCommand(cvdnet)
  addDnsKeyCommands(cvdnet)
  addDemoCommand(cvdnet)
  return cvdnet
}

async function main(argv: readonly string[]): Promise<number> {
  try {
    await program().parseAsync([...argv], { from: 'user' })
    return Number(process.exitCode ?? EXIT.done)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    if (error instanceof CommandEnd) {
      complain(`cvdnet: ${error.message}`)
      return error.status
    }
    complain(`cvdnet: ${worldWords(error)}`)
    return EXIT.world
  }
}

/** An error with a code is the world's and says what was tried; one without is a bug, whose place we need. */
function worldWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!('code' in error)) return error.stack ?? error.message
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
  return `${error.message}${cause}`
}

mindStandardOutput()
process.exitCode = await main(process.argv.slice(2))
