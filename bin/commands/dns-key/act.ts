import { writeZoneKey } from '#adapters/zone-keys/index.ts'
import {
  decideKeyAct,
  describeKeyRefusal,
  forceKeyAct,
  type KeyAct,
  keyStateAt,
} from '#core/dnssec/index.ts'
import { CommandEnd, EXIT, say } from '../../io.ts'
import type { KeyFlags } from '../dns-key.ts'
import { changeKeys } from './common.ts'

/** One step of a key's life. Files are written in the order in which the zone validates after each. */
export async function actOnKey(act: KeyAct, tag: number, flags: KeyFlags): Promise<void> {
  const decide = flags.force === true ? forceKeyAct : decideKeyAct
  const doing = `cvdnet dns-key ${act} ${tag}`
  await changeKeys(flags, doing, async ({ folder, zone, keys, now }, lock) => {
    const decided = decide(keys, act, tag, now)
    if (!decided.ok) {
      throw new CommandEnd(EXIT.refused, `key ${tag} ${describeKeyRefusal(decided.fault)}`)
    }
    for (const key of decided.value) {
      await lock.mustBeOurs()
      await writeZoneKey(folder, zone, key)
      const ofDs = act === 'ds-published' || act === 'ds-withdrawn'
      const words = ofDs ? `${act} is noted` : `is ${keyStateAt(key, now)}`
      say(`key ${key.tag} of ${zone}: ${words}`)
    }
  })
}
