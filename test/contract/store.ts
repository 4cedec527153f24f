/** What every store keeps, whatever it is made of. Each adapter's test runs it with a world of its own. */
import { test } from 'node:test'
import { leaseClaims, queueClaims } from './store-jobs.ts'
import { recordClaims } from './store-records.ts'
import { journalClaims, releaseClaims } from './store-releases.ts'
import { faultClaims, watchClaims } from './store-watch.ts'
import type { Claim, StoreWorld } from './store-world.ts'

export function storeContract(
  makeWorld: () => Promise<StoreWorld>,
  { skip = false }: { readonly skip?: string | false } = {},
): void {
  const claim: Claim = (title, work) => {
    test(title, { timeout: 60_000, skip }, async () => {
      await using world = await makeWorld()
      await work(world)
    })
  }

  recordClaims(claim)
  releaseClaims(claim)
  journalClaims(claim)
  leaseClaims(claim)
  queueClaims(claim)
  watchClaims(claim)
  faultClaims(claim)
}
