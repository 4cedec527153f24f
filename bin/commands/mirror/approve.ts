import { randomBytes } from 'node:crypto'
import { fail, ok } from '#base/outcome.ts'
import type { MirrorEvent, MirrorRecord } from '#core/mirrors/index.ts'
import { CommandEnd, EXIT } from '../../io.ts'
import { checkMirror } from './check.ts'
import { granted, openOffice } from './office.ts'
import type { ApproveFlags } from './team.ts'
import { tell } from './told.ts'

/** 128 bits: nobody guesses it. */
const PASSWORD_BYTES = 16

export async function approve(name: string, flags: ApproveFlags): Promise<void> {
  await using office = await openOffice(flags.config)
  const before = granted(await office.registrar.mirror(name))
  if (flags.unseen === undefined) await mustBeWell(office, before, flags)
  const record = granted(
    await office.registrar.act(name, {
      what: 'approved',
      why: flags.unseen === undefined ? [] : [`before its servers ran: ${flags.unseen}`],
      // Decided for the step that was looked at: who came before us took it already.
      event: (now) =>
        sameStep(before, now) ? ok(approval(name)) : fail(`is "${now.stage}" by now; look again`),
    }),
  )
  const next =
    record.stage === 'credentials' ? `Next: cvdnet mirror kit ${name}` : 'Clients may find it now.'
  tell(record, flags, next)
}

async function mustBeWell(
  office: Awaited<ReturnType<typeof openOffice>>,
  { name, stage }: MirrorRecord,
  flags: ApproveFlags,
): Promise<void> {
  // Elsewhere the life's own reason is the better one.
  if (stage !== 'applied' && stage !== 'checked' && stage !== 'tested') return
  const { verdict } = await checkMirror(office, name, flags.json !== true)
  if (verdict.kind === 'good') return
  const hint = stage === 'tested' ? '' : '; with --unseen it gets its login all the same'
  throw new CommandEnd(EXIT.refused, `${name} is not approved: see the points above${hint}`)
}

function sameStep(before: MirrorRecord, now: MirrorRecord): boolean {
  const isFirst = ({ stage }: MirrorRecord) => stage === 'applied' || stage === 'checked'
  return before.stage === now.stage || (isFirst(before) && isFirst(now))
}

function approval(user: string): MirrorEvent {
  const password = () => randomBytes(PASSWORD_BYTES).toString('hex')
  return {
    kind: 'approve',
    login: { user, password: password(), statisticsPassword: password() },
  }
}
