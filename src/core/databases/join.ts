import type { DatabaseSigner, DatabaseVerifier } from '#formats/cvd/index.ts'
import {
  CLAMAV_KEYS,
  type PublisherKeys,
  type PublisherSecrets,
  signMd5,
  signSha256,
  verifyMd5,
  verifySha256,
} from '#formats/dsig/index.ts'

/**
 * Joins two formats that do not know each other: databases (`cvd`) and signatures (`dsig`). Pure: chance comes in as
 * `drawSalt`.
 */
export function verifiersOf(publishers: readonly PublisherKeys[]): readonly DatabaseVerifier[] {
  return publishers.map((keys) => ({
    publisher: keys.publisher,
    header: (md5, text) => verifyMd5(md5, text, keys.header).ok,
    info: (sha256, text) => verifySha256(sha256, text, keys.info).ok,
  }))
}

/** ClamAV's own keys, which are always trusted, and those of further publishers. */
export function trustedPublishers(further: readonly PublisherKeys[]): readonly PublisherKeys[] {
  return [CLAMAV_KEYS, ...further]
}

export function signerOf(secrets: PublisherSecrets, drawSalt: () => Uint8Array): DatabaseSigner {
  return {
    header: (md5) => signMd5(md5, secrets.header),
    info: (sha256) => signSha256(sha256, secrets.info, drawSalt),
  }
}
