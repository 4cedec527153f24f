import { type Command, InvalidArgumentError, Option } from 'commander'
import { jsonOption } from './mirror/options.ts'

export interface KeyFlags {
  readonly config: string
  readonly json?: boolean
  readonly force?: boolean
}

/** `cvdnet dns-key …`: the keys of a signed zone, from the first one to the next. */
export function addDnsKeyCommands(cvdnet: Command): void {
  const keys = cvdnet
    .command('dns-key')
    .description('the keys of a signed zone; name servers follow without a restart')
    .addHelpText('after', ROLLOVER_HELP)
  keys
    .command('new')
    .description('make a key: active where it is the first, else on standby')
    .addOption(configOption())
    .action(async (flags: KeyFlags) => {
      const { newKey } = await import('./dns-key/new.ts')
      await newKey(flags)
    })
  keys
    .command('list')
    .description('every key, what it does, and what may be done with it next')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (flags: KeyFlags) => {
      const { listKeys } = await import('./dns-key/list.ts')
      await listKeys(flags)
    })
  keys
    .command('ds')
    .description('what the registrar needs: DS and DNSKEY of the keys that sign or will')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (flags: KeyFlags) => {
      const { printDs } = await import('./dns-key/ds.ts')
      await printDs(flags)
    })
  acting(keys, 'ds-published', 'the parent zone has its DS, as you saw there')
  acting(keys, 'ds-withdrawn', 'the parent zone has its DS no more')
  acting(keys, 'activate', 'sign with it; the one that signed until now is retired')
  acting(keys, 'remove', 'take it out of the zone; its file stays')
}

function acting(
  keys: Command,
  act: 'ds-published' | 'ds-withdrawn' | 'activate' | 'remove',
  about: string,
): void {
  keys
    .command(act)
    .description(about)
    .argument('<tag>', 'of the key', readTag)
    .addOption(configOption())
    .option('--force', 'though resolvers may refuse the zone for a while')
    .action(async (tag: number, flags: KeyFlags) => {
      const { actOnKey } = await import('./dns-key/act.ts')
      await actOnKey(act, tag, flags)
    })
}

function configOption(): Option {
  return new Option('--config <file>', 'settings of a name server with [dns.dnssec]').default(
    'cvdnet.toml',
  )
}

function readTag(text: string): number {
  const tag = Number(text)
  if (/^\d{1,5}$/.test(text) && tag <= 65_535) return tag
  throw new InvalidArgumentError('a key tag is a number up to 65535.')
}

const ROLLOVER_HELP = `
From one key to the next: new · ds, and its DS to the registrar · ds-published NEW ·
activate NEW · the old DS away from the registrar · ds-withdrawn OLD · remove OLD.
A step that comes too soon is refused, with the time from which on it may be done.
Where several name servers have the folder, copy it to them after each step.`
