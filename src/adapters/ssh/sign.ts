import ssh2 from 'ssh2'
import { parseSshPublicKeyLine } from '#base/ssh-public-key.ts'
import { printSshSignature, sshSignedBytes } from '#formats/ssh-signature/index.ts'
import { doorError } from './errors.ts'
import type { KeyPair } from './keys.ts'

/** Signs as `ssh-keygen -Y sign -n NAMESPACE` does, with an Ed25519 key, for machines without OpenSSH. */
export function signWithSshKey(key: KeyPair, message: Uint8Array, namespace: string): string {
  const parsed = ssh2.utils.parseKey(key.privateKey)
  const publicKey = parseSshPublicKeyLine(key.publicKey)
  if (parsed instanceof Error || publicKey === undefined || parsed.type !== 'ssh-ed25519') {
    throw doorError('bad-key-file', 'sign: an Ed25519 key is wanted', parsed)
  }
  const signature = parsed.sign(Buffer.from(sshSignedBytes(message, namespace)))
  return printSshSignature(publicKey, namespace, signature)
}
