import { parentLines } from '#core/dnssec/index.ts'
import { dnsName } from '#formats/dns-message/index.ts'
import { CommandEnd, EXIT, say, sayJson } from '../../io.ts'
import type { KeyFlags } from '../dns-key.ts'
import { openKeys } from './common.ts'

/** Lines of a zone file, so that other programs read them, too. */
export async function printDs(flags: KeyFlags): Promise<void> {
  const { zone, keys, now } = await openKeys(flags)
  const lines = parentLines(dnsName(zone), keys, now)
  if (lines.length === 0) {
    throw new CommandEnd(
      EXIT.refused,
      `${zone} has no key that signs; "cvdnet dns-key new" makes one`,
    )
  }
  if (flags.json === true) {
    sayJson(lines)
    return
  }
  for (const { ds } of lines) say(ds)
  for (const { dnskey } of lines) say(dnskey)
}
