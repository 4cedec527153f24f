/**
 * SipHash-2-4 (RFC 9018, 4.4 wants it for cookies; Node's OpenSSL has it behind no door). Words of 64 bits are pairs of
 * 32, since BigInt would cost ten times the time.
 */
const WORD = { v0: 0, v1: 2, v2: 4, v3: 6 } as const

/** `key` has 16 bytes. The 8 bytes come little-endian, as the RFC's vectors have them. */
export function sipHash24(key: Uint8Array, data: Uint8Array): Uint8Array {
  const state = startState(view(key))
  const bytes = view(data)
  const whole = data.byteLength & ~7
  for (let at = 0; at < whole; at += 8) {
    mix(state, bytes.getUint32(at, true), bytes.getUint32(at + 4, true))
  }
  const rest = new DataView(new ArrayBuffer(8))
  for (let at = whole; at < data.byteLength; at += 1) rest.setUint8(at - whole, bytes.getUint8(at))
  rest.setUint8(7, data.byteLength & 0xff)
  mix(state, rest.getUint32(0, true), rest.getUint32(4, true))
  xor(state, WORD.v2, 0xff, 0)
  for (let number = 0; number < 4; number += 1) round(state)
  const hash = new DataView(new ArrayBuffer(8))
  for (const half of [0, 1]) {
    const value =
      at(state, 0 + half) ^ at(state, 2 + half) ^ at(state, 4 + half) ^ at(state, 6 + half)
    hash.setUint32(half * 4, value >>> 0, true)
  }
  return new Uint8Array(hash.buffer)
}

/** "somepseudorandomlygeneratedbytes", xored with the key. Low half first. */
function startState(key: DataView): Int32Array {
  const text = Buffer.from('uespemosmodnarodarenegylsetybdet', 'latin1')
  const state = new Int32Array(8)
  for (let index = 0; index < 8; index += 1) {
    state[index] = text.readUInt32LE(index * 4) ^ key.getUint32((index % 4) * 4, true)
  }
  return state
}

function mix(state: Int32Array, low: number, high: number): void {
  xor(state, WORD.v3, low, high)
  round(state)
  round(state)
  xor(state, WORD.v0, low, high)
}

function round(state: Int32Array): void {
  half(state, WORD.v0, WORD.v1, 13, true)
  half(state, WORD.v2, WORD.v3, 16, false)
  half(state, WORD.v0, WORD.v3, 21, false)
  half(state, WORD.v2, WORD.v1, 17, true)
}

/** `a += b; b = rotl(b, bits) ^ a`, and `a = rotl(a, 32)` where the round wants it. */
function half(state: Int32Array, a: number, b: number, bits: number, turn: boolean): void {
  const [low, high] = [at(state, b), at(state, b + 1)]
  const sumLow = (at(state, a) >>> 0) + (low >>> 0)
  const sumHigh = (at(state, a + 1) + high + (sumLow > 0xffff_ffff ? 1 : 0)) | 0
  state[b] = ((low << bits) | (high >>> (32 - bits))) ^ sumLow
  state[b + 1] = ((high << bits) | (low >>> (32 - bits))) ^ sumHigh
  state[a] = turn ? sumHigh : sumLow
  state[a + 1] = turn ? sumLow : sumHigh
}

function xor(state: Int32Array, word: number, low: number, high: number): void {
  state[word] = at(state, word) ^ low
  state[word + 1] = at(state, word + 1) ^ high
}

function at(state: Int32Array, index: number): number {
  return state[index] ?? 0
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
