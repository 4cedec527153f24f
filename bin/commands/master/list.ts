import { fingerprint } from '#adapters/ssh/index.ts'
import type { MasterRecord } from '#core/mirrors/index.ts'
import { say, sayJson } from '../../io.ts'
import { openOffice } from '../mirror/office.ts'
import type { OfficeFlags } from '../mirror/options.ts'
import { columns } from '../mirror/table.ts'

export async function listMasters(flags: OfficeFlags): Promise<void> {
  await using office = await openOffice(flags.config)
  const all = await office.masters.all()
  if (flags.json === true) sayJson(all.map(shownMaster))
  else if (all.length === 0) say('No master has enrolled yet.')
  else for (const line of columns([HEAD, ...all.map(row)])) say(line)
}

const HEAD = ['MASTER', 'IS', 'HOST', 'SSH', 'RSYNC', 'HOST KEY']

function row({ name, isOut, host, sshPort, rsyncPort, hostKey }: MasterRecord): readonly string[] {
  const ports = [String(sshPort), String(rsyncPort)]
  return [name, isOut ? 'out' : 'in', host, ...ports, fingerprint(hostKey)]
}

/** Without secrets. */
export function shownMaster({ rsyncLogin, ...master }: MasterRecord): unknown {
  return { ...master, login: rsyncLogin.user }
}
