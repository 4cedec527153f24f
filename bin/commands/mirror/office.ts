import { userInfo } from 'node:os'
import { systemClock } from '#adapters/system/index.ts'
import type { Outcome } from '#base/outcome.ts'
import type { MirrorRules } from '#core/mirrors/index.ts'
import type { Settings } from '#formats/cvdnet-toml/index.ts'
import type { Store } from '#ports/store.ts'
import { MasterList, Registrar, type RegistrarWorld, SigmakerList } from '#roles/registrar/index.ts'
import { CommandEnd, complain, EXIT } from '../../io.ts'
import { readSettings } from '../run/settings.ts'
import { openNetworkStore } from '../run/store.ts'

/** The registry, open for one command. */
export interface Office extends AsyncDisposable {
  readonly settings: Settings
  readonly store: Store
  readonly registrar: Registrar
  readonly sigmakers: SigmakerList
  readonly masters: MasterList
  readonly rules: MirrorRules
}

export async function openOffice(config: string): Promise<Office> {
  const settings = await readSettings(config)
  const store = await openNetworkStore(settings)
  const { bandwidthMbitMin, privateAddresses } = settings.registry
  const rules = { bandwidthMbitMin, allowsPrivate: privateAddresses === 'allowed' }
  const world: RegistrarWorld = {
    store,
    clock: systemClock,
    who: whoAmI(),
    rules,
    zone: settings.zone,
    onWarning: (line) => complain(`cvdnet: ${line}`),
  }
  return {
    settings,
    store,
    rules,
    registrar: new Registrar(world),
    sigmakers: new SigmakerList(world),
    masters: new MasterList(world),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

/** The person, also behind sudo. */
function whoAmI(): string {
  const { username } = userInfo()
  const person = process.env['SUDO_USER']
  return person === undefined || person === username ? username : `${person} as ${username}`
}

/** The value, or the end of the command with every reason on standard error. */
export function granted<T>(outcome: Outcome<T, string | readonly string[]>): T {
  if (outcome.ok) return outcome.value
  const reasons = typeof outcome.fault === 'string' ? [outcome.fault] : outcome.fault
  for (const reason of reasons.slice(0, -1)) complain(`cvdnet: ${reason}`)
  throw new CommandEnd(EXIT.refused, reasons.at(-1) ?? 'refused')
}
