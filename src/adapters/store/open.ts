import type { Store } from '#ports/store.ts'
import { openPostgresStore } from '../postgres/index.ts'
import { openSqliteStore } from '../sqlite/index.ts'

/** Where the network keeps what its roles share. `url` holds a password: it is said nowhere. */
export type StorePlace =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string }

/**
 * Brings the schema to the newest. Throws `StoreError`, except when the store is away: then it opens all the same, and
 * says so at each use until it is back.
 */
export async function openStore(place: StorePlace): Promise<Store> {
  return place.kind === 'sqlite'
    ? await openSqliteStore(place.path)
    : await openPostgresStore(place.url)
}
