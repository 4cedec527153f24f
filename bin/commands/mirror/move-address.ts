import { CommandEnd, EXIT } from '../../io.ts'
import { granted, openOffice } from './office.ts'
import type { MoveFlags } from './team.ts'
import { tell } from './told.ts'

export async function moveAddress(name: string, flags: MoveFlags): Promise<void> {
  const { host, reason } = flags
  if (flags.address.length === 0 && host === undefined) {
    throw new CommandEnd(EXIT.usage, 'at least one of --address and --host is needed')
  }
  await using office = await openOffice(flags.config)
  const before = granted(await office.registrar.mirror(name))
  const addresses = flags.address.length === 0 ? before.addresses : flags.address
  const record = granted(await office.registrar.move(name, { host, addresses }, reason))
  tell(record, flags, `Next: cvdnet mirror check ${name}`)
}
