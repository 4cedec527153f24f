import type { Command } from 'commander'
import { configOption, jsonOption, type OfficeFlags, reasonOption } from './options.ts'

export interface ReasonFlags extends OfficeFlags {
  readonly reason: string
}

export interface ApproveFlags extends OfficeFlags {
  readonly unseen?: string
}

/** What the team decides. */
export function addTeamCommands(mirror: Command): void {
  acting(
    mirror,
    'approve',
    'say yes to the next step: a login for it, or after the test its listing',
  )
    .option('--unseen <reason>', 'give it a login although its servers do not run yet')
    .addHelpText('after', APPROVE_HELP)
    .action(async (name: string, flags: ApproveFlags) => {
      const { approve } = await import('./approve.ts')
      await approve(name, flags)
    })
  for (const [verb, about] of [
    ['refuse', 'say no to an application; its operator may apply again'],
    ['suspend', 'take a listed mirror out of everything until the team resumes it'],
    ['remove', 'retire a mirror for good; its login ends'],
  ] as const) {
    acting(mirror, verb, about)
      .addOption(reasonOption())
      .action(async (name: string, flags: ReasonFlags) => {
        const { decide } = await import('./decide.ts')
        await decide(verb, name, flags)
      })
  }
}

/** Changes that its operator announces (R83–R85), written down by the team. */
export interface PauseFlags extends ReasonFlags {
  readonly from?: string
  readonly until?: string
  readonly for?: string
}

export interface MoveFlags extends ReasonFlags {
  readonly address: readonly string[]
  readonly host?: string
}

export interface KeyFlags extends ReasonFlags {
  readonly key?: string
  readonly fingerprint?: string
}

export interface LimitFlags extends ReasonFlags {
  readonly pushWindow?: string
  readonly pushKbit?: string
}

export function acting(mirror: Command, verb: string, about: string): Command {
  return mirror
    .command(verb)
    .description(about)
    .argument('<name>', 'of the mirror')
    .addOption(configOption())
    .addOption(jsonOption())
}

const APPROVE_HELP = `
An applicant is checked first, and a no in the check is a no here. Servers that will be set up
with the kit cannot run before it: --unseen gives the login all the same, and the full check
before the listing sees everything.`
