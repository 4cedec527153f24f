import { join } from 'node:path'
import { openStore } from '#adapters/store/index.ts'
import type { Settings } from '#formats/cvdnet-toml/index.ts'
import type { Store } from '#ports/store.ts'

/** What the roles of this network share. */
export async function openNetworkStore({ state }: Pick<Settings, 'state'>): Promise<Store> {
  return await openStore({ kind: 'sqlite', path: join(state, 'store.sqlite') })
}
