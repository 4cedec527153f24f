import { openStore, type StorePlace } from '#adapters/store/index.ts'
import type { Settings, StoreSettings } from '#formats/cvdnet-toml/index.ts'
import type { Store } from '#ports/store.ts'
import { readSecret } from './secrets.ts'

/** What the roles of this network share. */
export async function openNetworkStore({ store }: Pick<Settings, 'store'>): Promise<Store> {
  return await openStore(await placeOf(store))
}

async function placeOf(settings: StoreSettings): Promise<StorePlace> {
  if (settings.kind === 'sqlite') return settings
  return { kind: 'postgres', url: await readSecret(settings.url, "the store's address") }
}
