/**
 * RSA as plain arithmetic on big integers. ClamAV's two signature schemes are neither PKCS#1 nor PSS, so no
 * library call fits them (formats.md 2.3, trap 2). Verification costs about 27 squarings. The private operation
 * is not constant-time: signing belongs on a machine where nobody untrusted can time it.
 */
export interface RsaPublicKey {
  readonly n: bigint
  readonly e: bigint
}

export interface RsaPrivateKey extends RsaPublicKey {
  readonly d: bigint
}

export function modPow(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let square = base % modulus
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

export function bitLength(value: bigint): number {
  return value <= 0n ? 0 : value.toString(2).length
}

export function fromBigEndian(bytes: Uint8Array): bigint {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  return hex === '' ? 0n : BigInt(`0x${hex}`)
}

/** Undefined when the number does not fit. */
export function toBigEndian(value: bigint, length: number): Uint8Array | undefined {
  const hex = value.toString(16)
  if (hex.length > length * 2) return undefined
  return Buffer.from(hex.padStart(length * 2, '0'), 'hex')
}
