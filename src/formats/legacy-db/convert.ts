import { LEGACY_LINE_BYTES_MAX } from './line.ts'

/**
 * Turns the members of today's databases into lines that clients of 2003 can read (formats.md 6.2): `.db` lines as they
 * are, and of `.ndb` those for any file at any place, `Name:0:*:HEX`, without levels. Digits become lower case. What
 * the old format cannot say is left out and counted: alternatives, jumps, half bytes, names with `=`, `{` or `}`.
 *
 * Bytes go through one table look-up each, and through nothing else: 100 MB of text take a fraction of a second.
 */
export type LegacySource = 'db' | 'ndb'

export interface LegacyCounts {
  readonly written: number
  /** Signatures that the old format cannot say; blank lines and comments do not count. */
  readonly leftOut: number
}

const LF = 0x0a
const HASH = 0x23
const STAR = 0x2a
const COLON = 0x3a
const EQUALS = 0x3d
const QUESTION = 0x3f
const BRACKET = 0x28
/** `:0:*:` between name and pattern: any file, any offset. */
const ANYWHERE = Uint8Array.of(COLON, 0x30, COLON, STAR, COLON)
/** Plain bytes in front of each part: the old client's tree is so deep. */
const PLAIN_BYTES_MIN = 2

/** For each byte what it is in a name (itself) or in a pattern (the lower-case digit), or 0 where it cannot stand. */
const DIGIT = tableOf((byte) => {
  const text = String.fromCharCode(byte)
  return /[0-9a-fA-F]/.test(text) ? text.toLowerCase().charCodeAt(0) : 0
})
const NAME: Readonly<Record<LegacySource, Uint8Array>> = {
  db: nameTable('={}'),
  ndb: nameTable('={}:'),
}

function nameTable(excluded: string): Uint8Array {
  return tableOf((byte) => {
    const stands = byte >= 0x20 && byte !== 0x7f && !excluded.includes(String.fromCharCode(byte))
    return stands ? byte : 0
  })
}

function tableOf(toValue: (byte: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => toValue(byte))
}

export class LegacyConverter {
  readonly #source: LegacySource
  #carry: Uint8Array = new Uint8Array(0)
  #out = new Uint8Array(0)
  #written = 0
  #leftOut = 0

  constructor(source: LegacySource) {
    this.#source = source
  }

  get counts(): LegacyCounts {
    return { written: this.#written, leftOut: this.#leftOut }
  }

  /** What `piece` completes. The result is good until the next call, the piece until this one returns. */
  push(piece: Uint8Array): Uint8Array {
    const first = piece.indexOf(LF)
    if (first < 0) {
      this.#carry = this.#carried(piece)
      return this.#out.subarray(0, 0)
    }
    this.#makeRoom(this.#carry.byteLength + piece.byteLength)
    let from = 0
    let to = 0
    if (this.#carry.byteLength > 0) {
      const line = this.#carried(piece.subarray(0, first + 1))
      // A line that is too long lost its end; it must still have one.
      line[line.byteLength - 1] = LF
      to = this.#convert(line, 0, line.byteLength, to)
      from = first + 1
    }
    const end = piece.lastIndexOf(LF) + 1
    to = this.#convert(piece, from, end, to)
    this.#carry = Uint8Array.from(piece.subarray(end))
    if (this.#carry.byteLength > LINE_BYTES_KEPT)
      this.#carry = this.#carry.slice(0, LINE_BYTES_KEPT)
    return this.#out.subarray(0, to)
  }

  /** A last line without LF is one, too. */
  end(): Uint8Array {
    return this.#carry.byteLength === 0 ? this.#out.subarray(0, 0) : this.push(Uint8Array.of(LF))
  }

  #carried(more: Uint8Array): Uint8Array {
    const room = Math.max(0, LINE_BYTES_KEPT - this.#carry.byteLength)
    return Buffer.concat([this.#carry, more.subarray(0, room)])
  }

  #makeRoom(bytes: number): void {
    if (this.#out.byteLength < bytes + 2) this.#out = new Uint8Array(bytes + 2)
  }

  /** `bytes` are whole lines from `from` to `end`. Writes at `to`, and returns where it ended. */
  #convert(bytes: Uint8Array, from: number, end: number, to: number): number {
    const ndb = this.#source === 'ndb'
    const name = NAME[this.#source]
    const out = this.#out
    let at = from
    let put = to
    while (at < end) {
      const first = bytes[at] ?? LF
      const line = put
      let char = name[first] ?? 0
      for (; char !== 0; char = name[bytes[at] ?? LF] ?? 0) {
        out[put++] = char
        at += 1
      }
      const named = put > line && first !== HASH && first !== BRACKET
      const behind = named ? patternAt(bytes, at, ndb) : 0
      if (behind > 0) {
        out[put++] = EQUALS
        const written = copyPattern(bytes, behind, out, put)
        if (written > 0 && put + written - line <= LEGACY_LINE_BYTES_MAX) {
          at = behind + written + 1
          put += written
          out[put++] = LF
          this.#written += 1
          continue
        }
      }
      if (first !== LF && first !== HASH) this.#leftOut += 1
      put = line
      at = bytes.indexOf(LF, at) + 1
    }
    return put
  }
}

/** One byte more than may be, so that a line is seen to be too long. */
const LINE_BYTES_KEPT = LEGACY_LINE_BYTES_MAX + 16

/** Where the pattern starts, or 0 when what stands between is something else. */
function patternAt(bytes: Uint8Array, at: number, ndb: boolean): number {
  if (!ndb) return bytes[at] === EQUALS ? at + 1 : 0
  for (let index = 0; index < ANYWHERE.byteLength; index++) {
    if (bytes[at + index] !== ANYWHERE[index]) return 0
  }
  return at + ANYWHERE.byteLength
}

/** Length of the pattern, which ends at a LF and was copied; 0 when the old format cannot say it. */
function copyPattern(bytes: Uint8Array, from: number, out: Uint8Array, to: number): number {
  let at = from
  let put = to
  let inPart = 0
  for (;;) {
    const high = bytes[at] ?? LF
    const low = bytes[at + 1] ?? LF
    const first = DIGIT[high] ?? 0
    const second = DIGIT[low] ?? 0
    if (first !== 0 && second !== 0) {
      out[put++] = first
      out[put++] = second
      inPart += 1
      at += 2
    } else if (high === LF) {
      return inPart < PLAIN_BYTES_MIN ? 0 : at - from
    } else if (high === STAR && inPart >= PLAIN_BYTES_MIN) {
      out[put++] = STAR
      inPart = 0
      at += 1
    } else if (high === QUESTION && low === QUESTION && inPart >= PLAIN_BYTES_MIN) {
      out[put++] = QUESTION
      out[put++] = QUESTION
      inPart += 1
      at += 2
    } else {
      return 0
    }
  }
}
