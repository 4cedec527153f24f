import type { Brand } from './brand.ts'

/** A public key in OpenSSH's one-line form without its comment: `ssh-ed25519 AAAA…`. Two are equal when the texts are. */
export type SshPublicKeyText = Brand<string, 'SshPublicKeyText'>

/** A key of 16384 bits of RSA has about 2800 characters. */
const LINE_CHARS_MAX = 8192

/**
 * `ssh-ed25519 AAAA… somebody@somewhere`: one line of a `.pub` file. Options before the type (`from="…"`) are not
 * read: they belong to `authorized_keys`. The type must be the one that the key itself names.
 */
export function parseSshPublicKeyLine(line: string): SshPublicKeyText | undefined {
  if (line.length > LINE_CHARS_MAX) return undefined
  const match = /^([a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?:[ \t]+[^\p{Cc}]*)?$/u.exec(line.trim())
  const [type, base64] = [match?.[1], match?.[2]]
  if (type === undefined || base64 === undefined) return undefined
  const blob = Buffer.from(base64, 'base64')
  if (blob.toString('base64') !== base64 || blob.byteLength <= 4 + type.length) return undefined
  const named = blob.readUInt32BE(0) === type.length && blob.toString('latin1', 4, 4 + type.length)
  return named === type ? (`${type} ${base64}` as SshPublicKeyText) : undefined
}

/** The same from a key's bytes; undefined when they do not start with a type. */
export function printSshPublicKey(blob: Uint8Array): SshPublicKeyText | undefined {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength)
  if (bytes.byteLength < 4) return undefined
  const type = bytes.toString('latin1', 4, 4 + Math.min(bytes.readUInt32BE(0), 64))
  return parseSshPublicKeyLine(`${type} ${bytes.toString('base64')}`)
}
