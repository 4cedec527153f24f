import type { Command } from 'commander'

/** `cvdnet key …`: a publisher's own signing keys. */
export function addKeyCommands(cvdnet: Command): void {
  const key = cvdnet.command('key').description("make and show a publisher's signing keys")
  key
    .command('new')
    .description('make the three secret keys of a publisher')
    .argument('<name>', 'the publisher: letters, digits, ".", "_", "-"')
    .requiredOption('-o, --output <file>', 'where the secrets go; it must not exist yet')
    .addHelpText('after', NEW_HELP)
    .action(async (name: string, options: { readonly output: string }) => {
      const { newKey } = await import('./key/new.ts')
      await newKey(name, options.output)
    })
  key
    .command('show')
    .description('print the public keys in a file of secret or public keys, for --keys')
    .argument('<file>', 'what `cvdnet key new` wrote, or public keys')
    .action(async (file: string) => {
      const { showKey } = await import('./key/show.ts')
      await showKey(file)
    })
}

const NEW_HELP = `
Databases and patches signed with these keys are for cvdnet's own updater and for test
clients. Stock ClamAV engines know ClamAV's keys only; they take third-party data as
.cud or plain signature files.`
