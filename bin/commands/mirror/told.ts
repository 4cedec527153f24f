import { describeStage, type MirrorRecord } from '#core/mirrors/index.ts'
import { say, sayJson } from '../../io.ts'
import type { OfficeFlags } from './options.ts'
import { shownMirror } from './show.ts'

/** The mirror after an act. */
export function tell(record: MirrorRecord, flags: OfficeFlags, ...next: readonly string[]): void {
  if (flags.json === true) {
    sayJson(shownMirror(record))
    return
  }
  say(`${record.name} ${describeStage(record.stage)}`)
  for (const line of next) say(line)
}
