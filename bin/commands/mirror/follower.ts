import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { jsonOption } from './options.ts'

export interface FollowFlags {
  readonly here: string
  readonly bundle?: string
  readonly root?: string
  readonly fingerprint?: string
  readonly keys?: readonly string[]
  readonly proxy?: string
  readonly zone?: string
  readonly name?: string
  readonly port: string
  readonly json?: boolean
}

export interface BundleFlags {
  readonly conf: string
  readonly since?: string
  readonly json?: boolean
}

/** For whom no master knows: a company's own mirror, a machine behind NAT or without a line. */
export function addFollowCommands(mirror: Command): void {
  mirror
    .command('follow')
    .description('set up a mirror of your own that pulls from others by HTTP, without a login')
    .argument('[address...]', 'of mirrors of the network, as in https://database.clamav.example')
    .requiredOption('--here <dir>', 'everything goes below this folder, and is yours')
    .option('--bundle <file>', 'for a mirror without a line: what was carried here')
    .option('--fingerprint <hex>', 'SHA-256 of the network’s root.json, as its team tells it')
    .option('--root <file>', 'the network’s root.json itself, instead of that of the mirrors')
    .option('--keys <file...>', 'public keys of publishers besides ClamAV')
    .option('--proxy <address>', 'that leads out, as in http://name:password@proxy:3128')
    .option('--zone <name>', 'the network’s zone; default: of the first address')
    .option('--name <name>', 'of this mirror; default: of the machine')
    .option('--port <number>', 'where it will serve HTTP', '8080')
    .addOption(jsonOption())
    .addHelpText('after', FOLLOW_HELP)
    .action(async (addresses: readonly string[], flags: FollowFlags) => {
      const { follow } = await import('./follow.ts')
      await follow(addresses, flags)
    })
  mirror
    .command('bundle')
    .description('write what a mirror has into one file, to carry to a mirror without a line')
    .argument('<file>', 'to write; a plain tar archive')
    .option(
      '--conf <file>',
      'settings of the mirror',
      join(homedir(), 'etc', 'clam-clientsync.conf'),
    )
    .option('--since <file>', 'a bundle that was carried before: only what is new goes in')
    .addOption(jsonOption())
    .addHelpText('after', BUNDLE_HELP)
    .action(async (file: string, flags: BundleFlags) => {
      const { bundle } = await import('./bundle.ts')
      await bundle(file, flags)
    })
}

const FOLLOW_HELP = `
What the mirrors have is believed only along the network's signed manifest, whose root is known
by its fingerprint; only what is new travels. Run it again to follow others, or to trust a root
that was renewed. Then: cvdnet run --config DIR/etc/cvdnet.toml`

const BUNDLE_HELP = `
On the other side: cvdnet clientsync FILE --conf …/clam-clientsync.conf, which verifies all of
it as if a master had sent it. A bundle is good for thirty days, and never takes a mirror back
to an older release. To set that mirror up: cvdnet mirror follow --bundle FILE --here DIR.`
