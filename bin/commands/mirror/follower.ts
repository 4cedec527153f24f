import type { Command } from 'commander'
import { jsonOption } from './options.ts'

export interface FollowFlags {
  readonly here: string
  readonly root?: string
  readonly fingerprint?: string
  readonly keys?: readonly string[]
  readonly zone?: string
  readonly name?: string
  readonly port: string
  readonly json?: boolean
}

/** For whom no master knows: a company's own mirror, a machine behind NAT. */
export function addFollowCommand(mirror: Command): void {
  mirror
    .command('follow')
    .description('set up a mirror of your own that pulls from others by HTTP, without a login')
    .argument('<address...>', 'of mirrors of the network, as in https://database.clamav.example')
    .requiredOption('--here <dir>', 'everything goes below this folder, and is yours')
    .option('--fingerprint <hex>', 'SHA-256 of the network’s root.json, as its team tells it')
    .option('--root <file>', 'the network’s root.json itself, instead of that of the mirrors')
    .option('--keys <file...>', 'public keys of publishers besides ClamAV')
    .option('--zone <name>', 'the network’s zone; default: of the first address')
    .option('--name <name>', 'of this mirror; default: of the machine')
    .option('--port <number>', 'where it will serve HTTP', '8080')
    .addOption(jsonOption())
    .addHelpText('after', FOLLOW_HELP)
    .action(async (addresses: readonly string[], flags: FollowFlags) => {
      const { follow } = await import('./follow.ts')
      await follow(addresses, flags)
    })
}

const FOLLOW_HELP = `
What the mirrors have is believed only along the network's signed manifest, whose root is known
by its fingerprint; only what is new travels. Run it again to follow others, or to trust a root
that was renewed. Then: cvdnet run --config DIR/etc/cvdnet.toml`
