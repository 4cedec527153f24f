import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { complain, EXIT, say } from '../io.ts'

/**
 * `cvdnet clientsync MASTER|upstream|FILE [--conf FILE] [--no-rebuild]`: what OpenSSH's forced command runs on a mirror (R50–R65), and an operator
 * by hand or from cron. 0 done, or left to the run that is under way; 1 refused; 2 a conf with faults, all of them
 * told; 3 the world failed.
 */
export function addClientsyncCommand(cvdnet: Command): void {
  cvdnet
    .command('clientsync')
    .description(
      'pull from a master, other mirrors or a bundle, verify, and publish: what the trigger runs on a mirror',
    )
    .argument(
      '<source>',
      'a name in MASTERS of the conf, or a host with or without a port; `upstream`: the mirrors in UPSTREAM; the path of a bundle',
    )
    .option(
      '--conf <file>',
      'settings of this mirror',
      join(homedir(), 'etc', 'clam-clientsync.conf'),
    )
    .option(
      '--no-rebuild',
      'fetch every new file whole, also those that could be made of the version here and patches',
    )
    .action(async (source: string, options: ClientsyncOptions) => {
      process.exitCode = await clientsync(source, options)
    })
}

interface ClientsyncOptions {
  readonly conf: string
  readonly rebuild: boolean
}

async function clientsync(
  source: string,
  { conf: confFile, rebuild }: ClientsyncOptions,
): Promise<number> {
  // No host has a slash in it, nor ends so.
  const master = /\/|\.tar$/.test(source) ? resolve(source) : source
  const { MirrorError, SYNC_STATUS, syncOnce } = await import('#roles/mirror/index.ts')
  const stop = new AbortController()
  const onSignal = (name: string) => stop.abort(new Error(`stopped by ${name}`))
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal).once('SIGHUP', onSignal)
  try {
    const voice = { print: say, complain }
    const end = await syncOnce({ confFile, master, rebuild, voice, signal: stop.signal })
    return SYNC_STATUS[end.kind]
  } catch (error) {
    if (!(error instanceof MirrorError)) throw error
    complain('cvdnet: the settings of this mirror cannot be used')
    for (const fault of error.faults) complain(`  ${fault}`)
    return EXIT.usage
  } finally {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeListener(name, onSignal)
  }
}
