import { fingerprint } from '#adapters/ssh/index.ts'
import type { SigmakerRecord } from '#core/mirrors/index.ts'
import { say, sayJson } from '../../io.ts'
import { openOffice } from '../mirror/office.ts'
import type { OfficeFlags } from '../mirror/options.ts'
import { columns } from '../mirror/table.ts'

export async function listSigmakers(flags: OfficeFlags): Promise<void> {
  await using office = await openOffice(flags.config)
  const all = await office.sigmakers.all()
  if (flags.json === true) sayJson(all.map(shownSigmaker))
  else if (all.length === 0) say('Nobody may release yet.')
  else for (const line of columns([HEAD, ...all.map(row)])) say(line)
}

const HEAD = ['SIGMAKER', 'MAY RELEASE', 'KEYS']

function row({ name, databases, keys }: SigmakerRecord): readonly string[] {
  return [
    name,
    databases === '*' ? 'everything' : databases.join(' '),
    keys.map(fingerprint).join(' '),
  ]
}

export function shownSigmaker({ mail, ...sigmaker }: SigmakerRecord): unknown {
  return { ...sigmaker, mail: mail ?? null }
}
