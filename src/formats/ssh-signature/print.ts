import { createHash } from 'node:crypto'
import type { SshPublicKeyText } from '#base/ssh-public-key.ts'
import { wireString } from './wire.ts'

/** What `ssh-keygen` takes unless it is told otherwise. */
const HASH = 'sha512'
const MAGIC = 'SSHSIG'
const VERSION = Buffer.from([0, 0, 0, 1])
/** As ssh-keygen breaks its lines. */
const LINE_CHARS = 70

/** The bytes that a key signs for a message in a namespace (OpenSSH's PROTOCOL.sshsig). */
export function sshSignedBytes(message: Uint8Array, namespace: string): Uint8Array {
  return Buffer.concat([
    Buffer.from(MAGIC),
    wireString(namespace),
    wireString(''),
    wireString(HASH),
    wireString(createHash(HASH).update(message).digest()),
  ])
}

/** `FILE.sig` with a raw Ed25519 signature over `sshSignedBytes`: what `ssh-keygen -Y verify` takes. */
export function printSshSignature(
  publicKey: SshPublicKeyText,
  namespace: string,
  signature: Uint8Array,
): string {
  const [type = '', base64 = ''] = publicKey.split(' ')
  const blob = Buffer.concat([
    Buffer.from(MAGIC),
    VERSION,
    wireString(Buffer.from(base64, 'base64')),
    wireString(namespace),
    wireString(''),
    wireString(HASH),
    wireString(Buffer.concat([wireString(type), wireString(signature)])),
  ])
  const lines = blob.toString('base64').match(new RegExp(`.{1,${LINE_CHARS}}`, 'g')) ?? []
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`
}
