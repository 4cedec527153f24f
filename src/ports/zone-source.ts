import type { ZoneSnapshot } from '#core/zone/index.ts'

/** Whoever knows the state of the network: a store, a master in the same process, a file that is delivered. */
export interface ZoneSource {
  /** The newest; undefined while there is none. Never waits. */
  current(): ZoneSnapshot | undefined
  /**
   * Every change from now on, newest only where several came at once. The same content again, with a later `heardAt`, says
   * that it still holds. Ends when the signal is aborted.
   */
  changes(signal: AbortSignal): AsyncIterable<ZoneSnapshot>
  /**
   * The serial that every name server of the zone gives this content; `told` is what this one answers from. Absent where
   * whoever makes the snapshots numbers them. Throws `StoreError` while nobody can say.
   */
  agreeOn?(content: ZoneSnapshot, told: ZoneSnapshot | undefined): Promise<number>
}
