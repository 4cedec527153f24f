import { openStore } from '#adapters/store/index.ts'
import type { Settings } from '#formats/cvdnet-toml/index.ts'
import type { Store } from '#ports/store.ts'
import { readSecret } from './secrets.ts'

/** What the roles of this network share (`[store]`). */
export async function openNetworkStore({ store }: Pick<Settings, 'store'>): Promise<Store> {
  if (store.kind === 'sqlite') return await openStore(store)
  return await openStore({
    kind: 'postgres',
    url: await readSecret(store.url, "the store's address"),
  })
}
