import { CommandEnd, EXIT, say, sayJson } from '../../io.ts'
import { keyLine } from '../mirror/application-flags.ts'
import { granted, type Office, openOffice } from '../mirror/office.ts'
import type { SigmakerFlags } from '../sigmaker.ts'
import { shownSigmaker } from './list.ts'

export async function addSigmaker(name: string, flags: SigmakerFlags): Promise<void> {
  const keys = await Promise.all(flags.key.map(keyLine))
  await using office = await openOffice(flags.config)
  const { mail, database: databases } = flags
  const record = granted(await office.sigmakers.add({ name, keys, databases, mail }))
  if (flags.json === true) sayJson(shownSigmaker(record))
  else {
    const what = record.databases === '*' ? 'every database' : record.databases.join(', ')
    say(`${name} may release ${what}`)
  }
}

export async function rotateSigmaker(name: string, flags: SigmakerFlags): Promise<void> {
  const keys = await Promise.all(flags.key.map(keyLine))
  await using office = await openOffice(flags.config)
  const record = granted(await office.sigmakers.rotate(name, keys, flags.reason))
  if (flags.json === true) sayJson(shownSigmaker(record))
  else say(`${name} has ${record.keys.length} key(s) now, and none of the old ones`)
}

export async function removeSigmaker(name: string, flags: SigmakerFlags): Promise<void> {
  await using office = await openOffice(flags.config)
  mustNotComeBack(office, name)
  granted(await office.sigmakers.remove(name, flags.reason))
  if (flags.json === true) sayJson({ removed: name })
  else say(`${name} may release no longer`)
}

/** A master takes those of its settings whom the registry does not know into it. */
function mustNotComeBack({ settings }: Office, name: string): void {
  if (settings.master?.sigmakers.some((one) => one.name === name) !== true) return
  throw new CommandEnd(
    EXIT.refused,
    `${name} stands in [[master.sigmakers]], too, and would come back from there: take him out first`,
  )
}
