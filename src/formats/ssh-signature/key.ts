import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { leftPadded, WireReader } from './wire.ts'

/**
 * Public keys of ssh and their signatures: Ed25519 (RFC 8709), RSA with SHA-2 (RFC 8332), ECDSA (RFC 5656). RSA with
 * SHA-1, DSA, certificates and security keys are not among them: a sigmaker's upload key is none of these.
 */
export interface SshKey {
  /** True when `signature` (an ssh signature blob) is this key's signature over `data`. */
  verifies(data: Uint8Array, signature: Uint8Array): boolean
}

/** Below 2048 bits a key can be broken by those who care. */
const RSA_BITS_MIN = 2048
/** As OpenSSH: a larger one only burns time. */
const RSA_BITS_MAX = 16_384
const ED25519_SIGNATURE_BYTES = 64

interface Curve {
  readonly crv: 'P-256' | 'P-384' | 'P-521'
  readonly hash: 'sha256' | 'sha384' | 'sha512'
  readonly fieldBytes: number
}

const CURVES: ReadonlyMap<string, Curve> = new Map([
  ['nistp256', { crv: 'P-256', hash: 'sha256', fieldBytes: 32 }],
  ['nistp384', { crv: 'P-384', hash: 'sha384', fieldBytes: 48 }],
  ['nistp521', { crv: 'P-521', hash: 'sha512', fieldBytes: 66 }],
])

/** `undefined`: broken, weak, or of a type that we do not take. */
export function readSshKey(blob: Uint8Array): SshKey | undefined {
  const reader = new WireReader(blob)
  const type = reader.text()
  if (type === 'ssh-ed25519') return readEd25519(reader)
  if (type === 'ssh-rsa') return readRsa(reader)
  return type?.startsWith('ecdsa-sha2-') ? readEcdsa(type, reader) : undefined
}

function readEd25519(reader: WireReader): SshKey | undefined {
  const x = reader.string()
  const key =
    x?.byteLength === 32 && reader.atEnd
      ? keyOf({ kty: 'OKP', crv: 'Ed25519', x: url(x) })
      : undefined
  if (key === undefined) return undefined
  return {
    verifies(data, signature) {
      const bytes = signatureOf(signature, 'ssh-ed25519')?.bytes
      return bytes?.byteLength === ED25519_SIGNATURE_BYTES && verify(null, data, key, bytes)
    },
  }
}

function readRsa(reader: WireReader): SshKey | undefined {
  const [e, n] = [reader.mpint(), reader.mpint()]
  if (e === undefined || n === undefined || !reader.atEnd || e.byteLength > 8) return undefined
  const bits = n.byteLength * 8 - (Math.clz32(n[0] ?? 0) - 24)
  if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX) return undefined
  const key = keyOf({ kty: 'RSA', n: url(n), e: url(e) })
  if (key === undefined) return undefined
  return {
    verifies(data, signature) {
      const read = signatureOf(signature, 'rsa-sha2-512', 'rsa-sha2-256')
      const bytes = read && leftPadded(read.bytes, n.byteLength)
      if (read === undefined || bytes === undefined) return false
      return verify(read.algorithm === 'rsa-sha2-512' ? 'sha512' : 'sha256', data, key, bytes)
    },
  }
}

function readEcdsa(type: string, reader: WireReader): SshKey | undefined {
  const [name, point] = [reader.text(), reader.string()]
  const curve = CURVES.get(name ?? '')
  if (curve === undefined || type !== `ecdsa-sha2-${name}` || !reader.atEnd) return undefined
  const { crv, hash, fieldBytes } = curve
  if (point?.byteLength !== 1 + 2 * fieldBytes || point[0] !== 0x04) return undefined
  const [x, y] = [point.subarray(1, 1 + fieldBytes), point.subarray(1 + fieldBytes)]
  const key = keyOf({ kty: 'EC', crv, x: url(x), y: url(y) })
  if (key === undefined) return undefined
  return {
    verifies(data, signature) {
      const numbers = new WireReader(signatureOf(signature, type)?.bytes ?? new Uint8Array(0))
      const [r, s] = [numbers.mpint(), numbers.mpint()]
      if (r === undefined || s === undefined || !numbers.atEnd) return false
      const [left, right] = [leftPadded(r, fieldBytes), leftPadded(s, fieldBytes)]
      if (left === undefined || right === undefined) return false
      return verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, Buffer.concat([left, right]))
    },
  }
}

function signatureOf(
  blob: Uint8Array,
  ...algorithms: readonly string[]
): { readonly algorithm: string; readonly bytes: Uint8Array } | undefined {
  const reader = new WireReader(blob)
  const [algorithm, bytes] = [reader.text(), reader.string()]
  if (algorithm === undefined || bytes === undefined || !reader.atEnd) return undefined
  return algorithms.includes(algorithm) ? { algorithm, bytes } : undefined
}

/** Node throws on a point that is not on its curve, and the like. */
function keyOf(jwk: Readonly<Record<string, string>>): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}

function url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
