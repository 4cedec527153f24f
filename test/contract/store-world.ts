import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { Outcome } from '#base/outcome.ts'
import { epochMs } from '#base/time.ts'
import { type Store, StoreError, type StoreErrorCode, type StorePart } from '#ports/store.ts'

/** One store that is empty, and what can happen to it. */
export interface StoreWorld extends AsyncDisposable {
  /** Another handle on it, as another process would have. */
  open(): Promise<Store>
  takeAway(): Promise<void>
  bringBack(): Promise<void>
  /** Runs a statement behind the store's back; undefined where nobody can. */
  readonly tamper: ((statement: string) => Promise<void>) | undefined
}

export const NOW = epochMs(1_800_000_000_000)
export const MINUTE = 60_000
/** Long on any machine; what is waited for comes within a second. */
const PATIENCE_MS = 10_000

/** One claim about every store, tested in a world of its own. */
export type Claim = (title: string, work: (world: StoreWorld) => Promise<void>) => void

export async function verbs(store: Store): Promise<readonly string[]> {
  return (await store.journal.read({ limit: 1000 })).map(({ what }) => what)
}

export function listen(store: Store) {
  const parts = new Set<StorePart>()
  const watch = store.watch((part) => parts.add(part))
  return {
    parts,
    stop: () => watch[Symbol.dispose](),
    async until(part: StorePart): Promise<void> {
      const deadline = Date.now() + PATIENCE_MS
      while (!parts.has(part) && Date.now() < deadline) await wait(10)
      assert.ok(parts.has(part), `a change of ${part} was heard, among ${[...parts].join()}`)
    },
    /** What was told at the start is over. */
    async quiet(): Promise<void> {
      for (let looks = 0; looks < 50; looks += 1) {
        parts.clear()
        await wait(500)
        if (parts.size === 0) return
      }
    },
  }
}

export async function rejects(
  work: Promise<unknown>,
  code: StoreErrorCode,
  words = /./,
): Promise<void> {
  await assert.rejects(work, (error) => {
    if (!(error instanceof StoreError)) throw error
    assert.equal(error.code, code, error.message)
    assert.match(error.message, words)
    return true
  })
}

export function sure<T>(outcome: Outcome<T, unknown>): T {
  assert.ok(outcome.ok, JSON.stringify(outcome))
  return outcome.value
}

export function faultOf<F>(outcome: Outcome<unknown, F>): F | undefined {
  return outcome.ok ? undefined : outcome.fault
}
