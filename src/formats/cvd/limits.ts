/**
 * How much a database may be. A file beyond any of these is refused while it streams, so that a hostile one costs a
 * bounded time and next to no memory.
 */
export interface CvdLimits {
  /** Of the whole file. */
  readonly fileBytesMax: number
  /** Of the tar inside. */
  readonly unpackedBytesMax: number
  readonly membersMax: number
  /** Unpacked bytes for one compressed byte, beyond `ratioFreeBytes`. */
  readonly ratioMax: number
  /** Small files may be as repetitive as they like: the ratio counts from here. */
  readonly ratioFreeBytes: number
  /** `.info` is the only member that is held in memory. */
  readonly infoBytesMax: number
}

const MIB = 1024 * 1024

export const CVD_LIMITS: CvdLimits = {
  /** Guess: about five times the largest real one (main, up to 170 MB). */
  fileBytesMax: 1024 * MIB,
  /** Guess: main unpacks to some 400 MB; gzip of signature text saves a half to three quarters. */
  unpackedBytesMax: 4096 * MIB,
  /** Guess: sigtool packs about 30 members, and one `.cbc` per bytecode signature, of which there are some hundred. */
  membersMax: 4096,
  /** Signature text reaches 2 to 5; deflate ends at 1032, which is what a bomb uses. */
  ratioMax: 64,
  ratioFreeBytes: 16 * MIB,
  /** A line per member: 4096 members with names of 99 characters stay below 750 kB. */
  infoBytesMax: MIB,
}
