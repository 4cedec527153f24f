/** What a client may cost. Times in milliseconds. */

/** freshclam sends under 400 bytes of head; proxies add some. Beyond it: 431. */
export const HEAD_BYTES_MAX = 8 * 1024
/** Time to send the head, from the first byte or the connection on. Beyond it: 408, or just an end. */
export const HEAD_TIMEOUT_MS = 10_000
/** freshclam opens a connection a request; only proxies, browsers and probes come back. */
export const KEEP_ALIVE_TIMEOUT_MS = 15_000
/** A client that has all it asked for gets this long to say so. */
export const GOODBYE_TIMEOUT_MS = 5_000
/** A careful answer's connection, until its head is understood. */
export const CAREFUL_TIMEOUT_MS = 20_000
/** freshclam itself gives up after 60 s without a byte (formats.md 5.2). */
const PIECE_GRACE_MS = 60_000
/** Guess: a tenth of a modem line of 2003. Slower than this is holding us up on purpose. */
const SLOWEST_BYTES_A_SECOND = 256
/**
 * A client that takes nothing at all of a large answer for so long has gone, or holds us up on purpose. Guess: a modem line of 2003
 * makes room in the system's buffer twice in this time; nginx waits half as long.
 */
export const STALLED_MS = 120_000
/** Guess: idle ones cost 12 KB each, so 200 MB at the very worst. */
export const CONNECTIONS_MAX = 16_384
/** Guess: TLS costs some 50 KB a connection, so 200 MB at the very worst. */
export const TLS_CONNECTIONS_MAX = 4096
/** Beyond the most connections, so many more get a 503 each before they are closed; the rest is just closed. */
export const TURNED_AWAY_MAX = 256
/** When the server closes, answers under way get this long. */
export const CLOSE_GRACE_MS = 2_000

/** How long so many bytes may take to leave. */
export function pieceTimeoutMs(bytes: number): number {
  return PIECE_GRACE_MS + (bytes / SLOWEST_BYTES_A_SECOND) * 1000
}
