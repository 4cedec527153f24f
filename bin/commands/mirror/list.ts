import { rfc3339, toSeconds } from '#base/time.ts'
import { MIRROR_STAGES, type MirrorRecord } from '#core/mirrors/index.ts'
import { CommandEnd, EXIT, say, sayJson } from '../../io.ts'
import { openOffice } from './office.ts'
import type { OfficeFlags } from './options.ts'
import { shownMirror } from './show.ts'
import { columns } from './table.ts'

export async function list(flags: OfficeFlags & { readonly stage?: string }): Promise<void> {
  const stage = MIRROR_STAGES.find((one) => one === flags.stage)
  if (flags.stage !== undefined && stage === undefined) {
    throw new CommandEnd(EXIT.usage, `--stage is one of ${MIRROR_STAGES.join(', ')}`)
  }
  await using office = await openOffice(flags.config)
  const all = await office.registrar.mirrors()
  const records = all.filter((one) => stage === undefined || one.stage === stage)
  if (flags.json === true) sayJson(records.map(shownMirror))
  else if (records.length === 0) say(all.length === 0 ? 'No mirror has applied yet.' : 'None.')
  else for (const line of columns([HEAD, ...records.map(row)])) say(line)
}

const HEAD = ['MIRROR', 'STAGE', 'SINCE', 'WHERE', 'MBIT/S', 'ADDRESSES']

function row({ name, stage, stageSince, country, bandwidthMbit, addresses }: MirrorRecord) {
  const since = rfc3339(toSeconds(stageSince))
  return [name, stage, since, country, String(bandwidthMbit), addresses.join(' ')]
}
