import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { EXIT, say } from '../io.ts'
import { Hangups } from './run/hangups.ts'

interface RunFlags {
  readonly config: string
  readonly check?: boolean
  readonly unit?: boolean
  readonly user: string
}

export function addRunCommand(cvdnet: Command): void {
  cvdnet
    .command('run')
    .description(
      'run the roles that the settings name, in the foreground, until SIGINT or SIGTERM; SIGHUP reads the settings again',
    )
    .option('--config <file>', 'the settings; see cvdnet.example.toml', 'cvdnet.toml')
    .option('--check', 'only read the settings and report every fault')
    .option('--unit', 'print a hardened systemd unit for this node, and run nothing')
    .option('--user <account>', 'who runs it, for --unit', userInfo().username)
    .action(async (flags: RunFlags) => {
      const hangups = new Hangups()
      const { readSettings } = await import('./run/settings.ts')
      const settings = await readSettings(flags.config)
      if (flags.check === true) {
        say(`${flags.config} is good`)
        return
      }
      if (flags.unit === true) {
        const { unitOf } = await import('./run/unit.ts')
        const unit = await unitOf(settings, flags.config, flags.user)
        say(unit.trimEnd())
        return
      }
      const stop = new AbortController()
      for (const name of ['SIGINT', 'SIGTERM'] as const) {
        process.once(name, () => stop.abort(new Error(name)))
      }
      const { RunningRoles } = await import('./run/roles.ts')
      const { reload } = await import('./run/reload.ts')
      await using roles = await RunningRoles.start(settings)
      const end = AbortSignal.any([stop.signal, roles.failure])
      while (await hangups.next(end)) await reload(roles, flags.config, settings, end)
      roles.failure.throwIfAborted()
      say('stopping')
      process.exitCode = EXIT.done
    })
}
