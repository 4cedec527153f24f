/** Every number that the watching of mirrors rests on. Times in milliseconds. From the settings `[monitor]`. */
export interface HealthPolicy {
  /** One look at every address of every mirror takes so long; looks are spread over it. */
  readonly roundMs: number
  /** After a failed look at an address that is up, the next follows so soon. */
  readonly confirmMs: number
  /** Failed looks in a row until clients are no longer sent to an address. */
  readonly failedLooksToDown: number
  /** Good looks in a row until they are sent there again. More than the way down: nothing flaps. */
  readonly goodLooksToUp: number
  /** R112: a timestamp so much older than the network's newest, or so long unavailable, makes a mirror "old". */
  readonly oldAfterMs: number
  /** R113: so long "old" makes it "removed". */
  readonly removedAfterMs: number
  /** Full good looks in a row until an old or removed mirror is listed again (field-notes 1.21). */
  readonly backAfterLooks: number
  /** More than this share of mirrors failing at once is rather a fault of the observer or of the masters. */
  readonly blindShare: number
  /** So many mirrors stay listed whatever happens. */
  readonly keepLast: number
  /** A longer pause between two looks was not observed, and counts for nothing. */
  readonly unobservedMs: number
  /** An observer whose clock differs more from what most mirrors' servers say judges nobody. */
  readonly clockSkewMaxMs: number
  /** Without a new timestamp for so long, the team is told that the network issues none (decision 8). */
  readonly stampOverdueMs: number
  /** A single address of a mirror that is dead so long is worth a letter. */
  readonly addressWarnAfterMs: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** What the settings say when nobody says otherwise. Guesses where R112 and R113 give no number. */
export const HEALTH_POLICY: HealthPolicy = {
  roundMs: 10 * MINUTE_MS,
  confirmMs: MINUTE_MS,
  failedLooksToDown: 3,
  goodLooksToUp: 4,
  oldAfterMs: DAY_MS,
  removedAfterMs: 2 * DAY_MS,
  backAfterLooks: 6,
  blindShare: 0.5,
  keepLast: 2,
  unobservedMs: HOUR_MS,
  clockSkewMaxMs: 5 * MINUTE_MS,
  stampOverdueMs: 13 * HOUR_MS,
  addressWarnAfterMs: HOUR_MS,
}
