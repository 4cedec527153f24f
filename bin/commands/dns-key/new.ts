import { newZoneKey } from '#adapters/zone-keys/index.ts'
import { rfc3339 } from '#base/time.ts'
import { keyStateAt, knownEverywhereAt } from '#core/dnssec/index.ts'
import { say } from '../../io.ts'
import type { KeyFlags } from '../dns-key.ts'
import { changeKeys } from './common.ts'

export async function newKey(flags: KeyFlags): Promise<void> {
  await changeKeys(flags, 'cvdnet dns-key new', async ({ folder, zone, now }, lock) => {
    await lock.mustBeOurs()
    const key = await newZoneKey(folder, zone, now)
    const state = keyStateAt(key, now)
    say(`key ${key.tag} of ${zone} is ${state}, in ${folder}`)
    say('Copy the folder to every name server of the zone.')
    if (state === 'active') {
      say('When all of them sign, and what was unsigned has left the caches (a day),')
      say('give the registrar what "cvdnet dns-key ds" prints.')
    } else say(`It may be activated from ${rfc3339(knownEverywhereAt(key))} on.`)
  })
}
