import type { Command } from 'commander'
import { listOption, type OfficeFlags, reasonOption } from './options.ts'
import { acting, type KeyFlags, type LimitFlags, type MoveFlags, type PauseFlags } from './team.ts'

/** What an operator announces beforehand (R83–R85), written down by the team. */
export function addOperatorCommands(mirror: Command): void {
  acting(mirror, 'pause', 'a planned downtime: no clients meanwhile, and no warnings')
    .option('--from <time>', 'as 2026-12-01T08:00Z; default: now')
    .option('--until <time>', 'this or --for')
    .option('--for <duration>', 'as 6h or 2d')
    .addOption(reasonOption())
    .action(async (name: string, flags: PauseFlags) => {
      const { pause } = await import('./pause.ts')
      await pause(name, flags)
    })
  acting(mirror, 'resume', 'end a downtime, call off a planned one, or lift a suspension')
    .addOption(reasonOption().default('back again').makeOptionMandatory(false))
    .action(async (name: string, flags: OfficeFlags & { readonly reason: string }) => {
      const { resume } = await import('./resume.ts')
      await resume(name, flags)
    })
  acting(mirror, 'move-address', 'other addresses, or another host to call it at')
    .addOption(listOption('--address <ip>', 'all that it has from now on; may be given again'))
    .option('--host <name>', 'where the masters call it')
    .addOption(reasonOption())
    .action(async (name: string, flags: MoveFlags) => {
      const { moveAddress } = await import('./move-address.ts')
      await moveAddress(name, flags)
    })
  acting(mirror, 'new-host-key', 'pin its ssh host key, the first one or another')
    .option('--key <key>', 'a line or a file: "ssh-ed25519 AAAA…"')
    .option('--fingerprint <SHA256:…>', 'take the key that it shows now, if it is this one')
    .addOption(reasonOption().default('confirmed by its operator').makeOptionMandatory(false))
    .action(async (name: string, flags: KeyFlags) => {
      const { newHostKey } = await import('./new-host-key.ts')
      await newHostKey(name, flags)
    })
  acting(mirror, 'limit', 'when it is pushed to, and how much of its line a sync may take')
    .option('--push-window <HH:MM-HH:MM>', 'UTC, may go over midnight; "none": at any time')
    .option('--push-kbit <number>', 'kbit/s, for its next kit; "none": what its line gives')
    .addOption(reasonOption().default('asked for by its operator').makeOptionMandatory(false))
    .action(async (name: string, flags: LimitFlags) => {
      const { limit } = await import('./limit.ts')
      await limit(name, flags)
    })
}
