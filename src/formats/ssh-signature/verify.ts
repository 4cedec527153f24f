import { createHash } from 'node:crypto'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { printSshPublicKey, type SshPublicKeyText } from '#base/ssh-public-key.ts'
import { readSshKey } from './key.ts'
import { WireReader, wireString } from './wire.ts'

/**
 * Signatures that anybody makes with `ssh-keygen -Y sign -n NAMESPACE -f KEY FILE` (decision 1b), in `FILE.sig`
 * (OpenSSH's PROTOCOL.sshsig). Armored, they hold the public key, the namespace, the hash's name and the signature:
 *
 *     "SSHSIG" | uint32 1 | string public key | string namespace | string reserved | string hash | string signature
 *
 * Signed is not the file but: "SSHSIG" | string namespace | string reserved | string hash | string H(file).
 * A good signature says only that the holder of *this* key signed; whose key it is, the caller knows.
 */
export interface SshSignature {
  readonly publicKey: SshPublicKeyText
}

export type SshSignatureFault =
  | { readonly kind: 'not-armored' }
  | { readonly kind: 'bad-signature-form' }
  | { readonly kind: 'unknown-hash' }
  | { readonly kind: 'unusable-key' }
  | { readonly kind: 'other-namespace'; readonly expected: string }
  | { readonly kind: 'signature-differs' }

/** RSA of 16384 bits needs 5600 characters. */
const ARMORED_CHARS_MAX = 16_384
const MAGIC = 'SSHSIG'
const VERSION = 1
const ARMOR =
  /^-----BEGIN SSH SIGNATURE-----\r?\n((?:[A-Za-z0-9+/=]{1,76}\r?\n)+)-----END SSH SIGNATURE-----(?:\r?\n)?$/

/** `namespace` is what the signer had to give as `-n`: a signature made for something else counts for nothing. */
export function verifySshSignature(
  message: Uint8Array,
  armored: string,
  namespace: string,
): Outcome<SshSignature, SshSignatureFault> {
  const blob = unarmored(armored)
  if (blob === undefined) return fail({ kind: 'not-armored' })
  const parts = partsOf(blob)
  if (parts === undefined) return fail({ kind: 'bad-signature-form' })
  if (parts.namespace !== namespace || namespace === '') {
    return fail({ kind: 'other-namespace', expected: namespace })
  }
  if (parts.hash !== 'sha256' && parts.hash !== 'sha512') return fail({ kind: 'unknown-hash' })
  const [key, publicKey] = [readSshKey(parts.publicKey), printSshPublicKey(parts.publicKey)]
  if (key === undefined || publicKey === undefined) return fail({ kind: 'unusable-key' })
  const signed = Buffer.concat([
    Buffer.from(MAGIC),
    wireString(parts.namespace),
    wireString(parts.reserved),
    wireString(parts.hash),
    wireString(createHash(parts.hash).update(message).digest()),
  ])
  return key.verifies(signed, parts.signature)
    ? ok({ publicKey })
    : fail({ kind: 'signature-differs' })
}

export function describeSshSignatureFault(fault: SshSignatureFault): string {
  switch (fault.kind) {
    case 'not-armored':
      return 'not a file that "ssh-keygen -Y sign" writes'
    case 'bad-signature-form':
      return 'the signature is damaged'
    case 'unknown-hash':
      return 'the signature uses a hash other than SHA-256 and SHA-512'
    case 'unusable-key':
      return 'the signing key is not Ed25519, RSA of 2048 to 16384 bits, or ECDSA'
    case 'other-namespace':
      return `the signature was not made for the namespace "${fault.expected}" (ssh-keygen -n)`
    case 'signature-differs':
      return 'the signature is not over these bytes'
  }
}

function unarmored(text: string): Uint8Array | undefined {
  if (text.length > ARMORED_CHARS_MAX) return undefined
  const base64 = ARMOR.exec(text)?.[1]?.replaceAll(/[\r\n]/g, '')
  if (base64 === undefined) return undefined
  const blob = Buffer.from(base64, 'base64')
  return blob.toString('base64') === base64 ? blob : undefined
}

function partsOf(blob: Uint8Array) {
  const reader = new WireReader(blob)
  const magic = reader.bytes(MAGIC.length)
  const version = reader.uint32()
  if (magic === undefined || Buffer.from(magic).toString('latin1') !== MAGIC) return undefined
  if (version !== VERSION) return undefined
  const publicKey = reader.string()
  const namespace = reader.text()
  const reserved = reader.string()
  const hash = reader.text()
  const signature = reader.string()
  if (!publicKey || namespace === undefined || !reserved || hash === undefined || !signature) {
    return undefined
  }
  return reader.atEnd ? { publicKey, namespace, reserved, hash, signature } : undefined
}
