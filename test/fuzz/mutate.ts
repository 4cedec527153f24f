/** A die that a seed decides (xorshift32), so that a failure comes again. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 1
  }

  below(limit: number): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state
    return limit <= 0 ? 0 : (state >>> 0) % limit
  }
}

/** What file formats tend to be hurt by. */
const WORDS = [
  ...['\n', '\0', '\r', ' ', ':', ';', '-', '#', '../', '0', '-1', '4294967296', '99999999999'],
  ...['OPEN a.ndb\n', 'CLOSE\n', 'ADD \n', 'DEL 1 \n', 'XCHG 1  x\n', 'UNLINK a.ndb\n', 'DSIG:'],
]

/** One to four small wounds. */
export function mutate(bytes: Uint8Array, other: Uint8Array, dice: Dice): Uint8Array {
  let result = Buffer.from(bytes)
  for (let wounds = 1 + dice.below(4); wounds > 0; wounds -= 1) {
    const at = dice.below(result.byteLength + 1)
    const to = at + dice.below(Math.min(64, result.byteLength - at) + 1)
    const word = Buffer.from(WORDS[dice.below(WORDS.length)] ?? '', 'latin1')
    const parts = [
      [result.subarray(0, at), Buffer.of(dice.below(256)), result.subarray(at + 1)],
      [result.subarray(0, at), result.subarray(to)],
      [result.subarray(0, at), word, result.subarray(at)],
      [result.subarray(0, to), result.subarray(at)],
      [result.subarray(0, at), other.subarray(dice.below(other.byteLength + 1))],
      [result.subarray(0, at)],
    ]
    result = Buffer.concat(parts[dice.below(parts.length)] ?? [result])
  }
  return result
}
