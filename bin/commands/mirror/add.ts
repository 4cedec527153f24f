import { readFile } from 'node:fs/promises'
import type { GivenApplication } from '#core/mirrors/index.ts'
import { CommandEnd, EXIT, ended, say, sayJson } from '../../io.ts'
import { givenBy } from './application-flags.ts'
import type { AddFlags, ApplicationFlags } from './applications.ts'
import { granted, openOffice } from './office.ts'
import { shownMirror } from './show.ts'

/** A stranger's file; an honest one has a few hundred bytes. */
const APPLICATION_CHARS_MAX = 65_536

export async function add(
  name: string | undefined,
  flags: ApplicationFlags & AddFlags,
): Promise<void> {
  const typed = await givenBy(name, flags)
  const given =
    flags.application === undefined
      ? typed
      : { ...(await readApplication(flags.application)), ...typed }
  await using office = await openOffice(flags.config)
  const record = granted(await office.registrar.apply(given))
  if (flags.json === true) sayJson(shownMirror(record))
  else say(`${record.name} has applied. Next: cvdnet mirror check ${record.name}`)
}

async function readApplication(file: string): Promise<GivenApplication> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw ended(EXIT.world, `Cannot read "${file}"`, cause)
  })
  const given = text.length > APPLICATION_CHARS_MAX ? undefined : parseObject(text)
  if (given === undefined) throw new CommandEnd(EXIT.refused, `"${file}" is no application`)
  return given
}

function parseObject(text: string): GivenApplication | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : undefined
  } catch {
    return undefined
  }
}
