import type { Command } from 'commander'
import { complain, say } from '../io.ts'

/**
 * `cvdnet notify SIGMAKER --config FILE`: what OpenSSH's forced command runs on a master, in place of our own ssh door (R93–R94). What
 * was typed decides nothing. The trigger goes to the master that runs; its lines and its status come back.
 */
export function addNotifyCommand(cvdnet: Command): void {
  cvdnet
    .command('notify')
    .description('hand a trigger to the master that runs here: what OpenSSH’s forced command runs')
    .argument('<sigmaker>', 'whose key it was; "cvdnet sigmaker authorized-keys" writes it')
    .option('--config <file>', 'settings of the master', 'cvdnet.toml')
    .action(async (sigmaker: string, { config }: { readonly config: string }) => {
      process.exitCode = await notify(sigmaker, config)
    })
}

async function notify(sigmaker: string, config: string): Promise<number> {
  const { notifyBySocket } = await import('#adapters/notify-socket/index.ts')
  const { readSettings } = await import('./run/settings.ts')
  const { masterSocket } = await import('./run/master-socket.ts')
  const path = masterSocket(await readSettings(config), config)
  // sshd's word: the caller's address and port, and ours.
  const from = process.env['SSH_CONNECTION']?.split(' ')[0] ?? 'this machine'
  return await notifyBySocket(path, { sigmaker, from }, { print: say, complain })
}
