import { makeFolders } from '#adapters/disk/index.ts'
import { openStore, type StorePlace } from '#adapters/store/index.ts'
import type { Settings, StoreSettings } from '#formats/cvdnet-toml/index.ts'
import type { Store } from '#ports/store.ts'
import { readSecret } from './secrets.ts'

/** What the roles of this network share. */
export async function openNetworkStore({ store }: Pick<Settings, 'store'>): Promise<Store> {
  return await openStore(await storePlace(store))
}

/** The same for a role of this process, which may be the first to use the node's state. */
export async function openStoreOf(
  { state }: Pick<Settings, 'state'>,
  place: StorePlace,
): Promise<Store> {
  await makeFolders(state, 0o700)
  return await openStore(place)
}

export async function storePlace(settings: StoreSettings): Promise<StorePlace> {
  if (settings.kind === 'sqlite') return settings
  return { kind: 'postgres', url: await readSecret(settings.url, "the store's address") }
}
