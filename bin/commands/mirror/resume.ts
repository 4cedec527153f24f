import { ok } from '#base/outcome.ts'
import { granted, openOffice } from './office.ts'
import type { ReasonFlags } from './team.ts'
import { tell } from './told.ts'

/** The team's suspension goes before an operator's downtime, which then goes on. */
export async function resume(name: string, flags: ReasonFlags): Promise<void> {
  const { reason } = flags
  await using office = await openOffice(flags.config)
  const record = granted(
    await office.registrar.act(name, {
      what: 'resumed',
      why: [reason],
      event: ({ stage }) =>
        ok(stage === 'suspended' ? { kind: 'reinstate', reason } : { kind: 'resume' }),
    }),
  )
  tell(record, flags)
}
