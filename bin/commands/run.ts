import { once } from 'node:events'
import type { Command } from 'commander'
import { EXIT, say } from '../io.ts'

export function addRunCommand(cvdnet: Command): void {
  cvdnet
    .command('run')
    .description('run the roles that the settings name, in the foreground, until SIGINT or SIGTERM')
    .option('--config <file>', 'the settings; see cvdnet.example.toml', 'cvdnet.toml')
    .option('--check', 'only read the settings and report every fault')
    .action(async (flags: { readonly config: string; readonly check?: boolean }) => {
      const { readSettings } = await import('./run/settings.ts')
      const settings = await readSettings(flags.config)
      if (flags.check === true) {
        say(`${flags.config} is good`)
        return
      }
      const stop = new AbortController()
      for (const name of ['SIGINT', 'SIGTERM'] as const) {
        process.once(name, () => stop.abort(new Error(name)))
      }
      const { startRoles } = await import('./run/roles.ts')
      await using _ = await startRoles(settings, stop.signal)
      if (!stop.signal.aborted) await once(stop.signal, 'abort')
      say('stopping')
      process.exitCode = EXIT.done
    })
}
