import type { Serial } from '#base/names.ts'

/** How another master was found, host to host, just now. */
export interface PeerSight {
  readonly name: string
  /** Said to be away by the team (`cvdnet master out`): the others work without it. */
  readonly isOut: boolean
  /** Undefined when it could not be reached; then `reason` says why. */
  readonly serial: Serial | undefined
  readonly reason: string | undefined
}

export type ForcedUpdate =
  /** A fresh `timestamp`, and every mirror is made to pull (R103, R110). */
  | { readonly kind: 'everything' }
  /** A fresh `timestamp` for mirrors that have this content already; nobody gets content (R104, decision 8). */
  | { readonly kind: 'freshness'; readonly alarm: string }
  /** This master lacks the newest release: what it has is old, and it spreads nothing. */
  | { readonly kind: 'nothing'; readonly alarm: string }

/**
 * What the six-hourly run may do on the master that holds its lease. With the peers in reach everything; without them no
 * content moves by itself, so that an old database is never spread (R104–R105), while freshness goes on.
 */
export function decideForcedUpdate(facts: {
  readonly own: Serial
  readonly head: { readonly serial: Serial; readonly master: string } | undefined
  readonly peers: readonly PeerSight[]
}): ForcedUpdate {
  const { own, head, peers } = facts
  if (head !== undefined && own < head.serial) {
    const alarm = `this master has release ${own} and ${head.master} has ${head.serial}: no automatic update until it is fetched`
    return { kind: 'nothing', alarm }
  }
  const lost = peers.filter(({ isOut, serial }) => !isOut && serial === undefined)
  if (lost.length > 0) {
    const names = lost.map(({ name, reason }) => `${name} (${reason ?? 'no answer'})`).join(', ')
    const alarm = `cannot reach ${names}: no automatic update of content, freshness only; "cvdnet master out NAME" says that a master is known to be away`
    return { kind: 'freshness', alarm }
  }
  const ahead = peers.find(({ serial }) => serial !== undefined && serial > own)
  if (ahead?.serial !== undefined) {
    const alarm = `${ahead.name} says it has release ${ahead.serial}, of which the store knows nothing; this master has ${own}: no automatic update`
    return { kind: 'nothing', alarm }
  }
  return { kind: 'everything' }
}
