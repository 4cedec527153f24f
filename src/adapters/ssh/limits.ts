/** What one ssh door bears. A stranger may connect, so everything before a login is short and bounded. */

/** Keys need no typing. Guess: a slow line shakes hands and signs well within this; a sleeper is dropped. */
export const LOGIN_TIMEOUT_MS = 20_000
/** As OpenSSH's MaxAuthTries: a caller with an agent offers several keys before the right one. */
export const LOGIN_ATTEMPTS_MAX = 6
/** Guess: some tens of sigmakers and masters at once; a connection costs about 100 KiB. */
export const CONNECTIONS_MAX = 200
/** Guess: an office of sigmakers behind one address. A single stranger cannot fill the door. */
export const CONNECTIONS_PER_ADDRESS_MAX = 32
/** As OpenSSH's MaxSessions; ControlMaster shares one connection. */
export const CHANNELS_OPEN_MAX = 10
/** Guess: a shared connection is used for hours; beyond it the caller connects again. */
export const CHANNELS_TOTAL_MAX = 1000
/** A connection without an open channel. Longer than most people's ControlPersist. */
export const IDLE_TIMEOUT_MS = 10 * 60_000
/** Between two signs of life that ssh2 asks for; after four without an answer the caller counts as gone. */
export const KEEPALIVE_INTERVAL_MS = 15_000
/** From our "goodbye" to cutting the socket of a caller who does not hang up himself. */
export const GOODBYE_TIMEOUT_MS = 2_000
/** How long closing the door waits for runs that were told to stop. */
export const CLOSE_TIMEOUT_MS = 5_000
/** And then for callers to hang up: a few round trips to a far one. */
export const LEAVE_TIMEOUT_MS = 1_000
/** Lines for a caller who does not read them; beyond this they are dropped, the run goes on. */
export const UNREAD_BYTES_MAX = 1024 * 1024
/** More waiting input than the protocol's window of 2 MiB allows: the caller ignores the window and is dropped. */
export const UNREAD_INPUT_BYTES_MAX = 4 * 1024 * 1024
/** What a caller typed (account, command) as it appears in events and refusals. */
export const SHOWN_CHARS_MAX = 200
/** An open upload in which nothing comes: an sftp prompt that somebody went away from, a stalled line. */
export const SILENCE_MS_MAX = 30 * 60_000
