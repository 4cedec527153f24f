import type { RsaPrivateKey, RsaPublicKey } from './rsa.ts'

/** One publisher: three keys, by what they sign. */
export interface PublisherKeys {
  readonly publisher: string
  /** Scheme v1, over the MD5 of a CVD's payload. */
  readonly header: RsaPublicKey
  /** Scheme v2, the `DSIG:` line of `.info`. */
  readonly info: RsaPublicKey
  /** Scheme v2, the end of a `.cdiff`. */
  readonly patch: RsaPublicKey
}

export interface PublisherSecrets {
  readonly publisher: string
  readonly header: RsaPrivateKey
  readonly info: RsaPrivateKey
  readonly patch: RsaPrivateKey
}

/** The public exponents that ClamAV's programs have built in; own keys use the same ones (formats.md 2, 8.3). */
export const EXPONENTS = { header: 100_001_027n, info: 100_002_049n, patch: 100_002_053n } as const

/** Lengths that give the digit counts of ClamAV's own moduli: 309 for the header key, 617 for the others. */
export const MODULUS_BITS = { header: 1024, info: 2047, patch: 2047 } as const

export const KEY_ROLES = ['header', 'info', 'patch'] as const
export type KeyRole = (typeof KEY_ROLES)[number]

/** Copies the public half only: the result shares nothing with the secrets. */
export function publicKeys(secrets: PublisherSecrets): PublisherKeys {
  const half = ({ n, e }: RsaPrivateKey): RsaPublicKey => ({ n, e })
  return {
    publisher: secrets.publisher,
    header: half(secrets.header),
    info: half(secrets.info),
    patch: half(secrets.patch),
  }
}
