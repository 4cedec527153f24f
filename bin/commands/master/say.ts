import { say, sayJson } from '../../io.ts'
import type { MasterFlags } from '../master.ts'
import { granted, openOffice } from '../mirror/office.ts'
import { shownMaster } from './list.ts'

const MEANS = {
  out: 'the others update by themselves without it',
  in: 'the others wait for it again',
} as const

export async function sayMaster(
  name: string,
  whither: keyof typeof MEANS,
  flags: MasterFlags,
): Promise<void> {
  await using office = await openOffice(flags.config)
  const record = granted(await office.masters.say(name, whither, flags.reason))
  if (flags.json === true) sayJson(shownMaster(record))
  else say(`${name} is ${whither}: ${MEANS[whither]}`)
}
