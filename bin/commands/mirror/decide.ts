import { ok } from '#base/outcome.ts'
import { granted, openOffice } from './office.ts'
import type { ReasonFlags } from './team.ts'
import { tell } from './told.ts'

const ACTS = {
  refuse: { what: 'refused', kind: 'refuse' },
  suspend: { what: 'suspended', kind: 'suspend' },
  remove: { what: 'retired', kind: 'retire' },
} as const

/** Decisions that need a reason and nothing else. */
export async function decide(
  verb: keyof typeof ACTS,
  name: string,
  flags: ReasonFlags,
): Promise<void> {
  const { what, kind } = ACTS[verb]
  const { reason } = flags
  await using office = await openOffice(flags.config)
  const event = () => ok({ kind, reason })
  tell(granted(await office.registrar.act(name, { what, why: [reason], event })), flags)
}
