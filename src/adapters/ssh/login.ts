import ssh2 from 'ssh2'
import type { SshAdmission, SshDoorPolicy } from '#ports/ssh-door.ts'
import { fingerprint } from './keys.ts'
import { harmless } from './text.ts'

/** Key types whose signatures hold. DSA does not, and RSA only with SHA-2 (RFC 8332). */
const KEY_TYPES: readonly string[] = [
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
]
/** Beyond any real account, and short enough for a log line. */
const USER_CHARS_MAX = 64

/** What ssh2 hands over, as far as it decides anything. */
export type LoginRequest =
  | {
      readonly method: 'none' | 'password' | 'hostbased' | 'keyboard-interactive'
      readonly username: string
    }
  | {
      readonly method: 'publickey'
      readonly username: string
      readonly key: { readonly algo: string; readonly data: Buffer }
      /** Absent while the caller only asks whether this key would do. */
      readonly signature?: Buffer
      readonly blob?: Buffer
      readonly hashAlgo?: string
    }

export type Login =
  | { readonly kind: 'in'; readonly user: string; readonly admission: SshAdmission }
  /** The key would open the door; its holder still has to sign. */
  | { readonly kind: 'sign' }
  | {
      readonly kind: 'refused'
      readonly user: string
      readonly method: string
      readonly fingerprint: string | undefined
    }

/** Decides one authentication request. An unknown account and an unknown key get the same answer. */
export function decideLogin(context: LoginRequest, policy: SshDoorPolicy): Login {
  const user = context.username
  const refused = (print?: string): Login => ({
    kind: 'refused',
    user: harmless(user, USER_CHARS_MAX),
    method: context.method,
    fingerprint: print,
  })
  if (context.method !== 'publickey' || user.length > USER_CHARS_MAX) return refused()
  const { algo, data } = context.key
  const print = fingerprint(data)
  if (!KEY_TYPES.includes(algo)) return refused(print)
  if (algo === 'ssh-rsa' && context.hashAlgo === undefined) return refused(print)
  const admission = policy.admit(user, `${algo} ${data.toString('base64')}`)
  if (admission === undefined) return refused(print)
  if (context.signature === undefined) return { kind: 'sign' }
  return holds(context) ? { kind: 'in', user, admission } : refused(print)
}

function holds(context: Extract<LoginRequest, { method: 'publickey' }>): boolean {
  if (context.signature === undefined || context.blob === undefined) return false
  const key = ssh2.utils.parseKey(`${context.key.algo} ${context.key.data.toString('base64')}`)
  if (key instanceof Error || Array.isArray(key)) return false
  // ssh2 returns an Error, where its types say boolean, for a signature that cannot even be read.
  return key.verify(context.blob, context.signature, context.hashAlgo) === true
}
