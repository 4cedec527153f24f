import { fail, type Outcome, ok, unreachable } from '#base/outcome.ts'
import { CLAMAV_KEYS } from './clamav-keys.ts'
import {
  KEY_ROLES,
  type KeyRole,
  MODULUS_BITS,
  type PublisherKeys,
  type PublisherSecrets,
} from './publisher.ts'
import { bitLength, modPow, type RsaPrivateKey, type RsaPublicKey } from './rsa.ts'

/**
 * Key files: JSON with decimal numbers in strings, since they are what ClamAV's sources show too.
 *
 *     {"publisher":"acme","header":{"n":"…","e":"100001027"},"info":{…},"patch":{…}}
 *
 * The secret file has `"d"` beside each `"n"`. A file with `"d"` is refused as public keys, so that nobody hands
 * out his secrets by mistake.
 */
export type KeyFault =
  | { readonly kind: 'not-json' }
  | { readonly kind: 'bad-publisher-name' }
  /** Nobody else may look like ClamAV in a verdict. */
  | { readonly kind: 'reserved-publisher-name' }
  | { readonly kind: 'bad-number'; readonly path: string }
  | { readonly kind: 'unknown-field'; readonly path: string }
  | {
      readonly kind: 'bad-modulus-length'
      readonly path: string
      readonly bits: number
      readonly wantedBits: number
    }
  | { readonly kind: 'bad-exponent'; readonly path: string }
  | { readonly kind: 'secret-in-public-file'; readonly path: string }
  | { readonly kind: 'secret-does-not-fit'; readonly path: string }

/** Shown in verdicts and used in file names. */
const PUBLISHER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/
const RESERVED = CLAMAV_KEYS.publisher.toLowerCase()
/** A 2047-bit number has 617 digits. */
const DECIMAL = /^[1-9][0-9]{0,699}$/
/** The exponents of this field have 27 bits. A longer one would make each verification slow. */
const EXPONENT_BITS_MAX = 64

export function parsePublisherKeys(text: string): Outcome<PublisherKeys, KeyFault> {
  return parsePublisher(text, publicKey)
}

export function parsePublisherSecrets(text: string): Outcome<PublisherSecrets, KeyFault> {
  return parsePublisher(text, privateKey)
}

export function printPublisherKeys({ publisher, ...keys }: PublisherKeys): string {
  const numbers = ({ n, e }: RsaPublicKey) => ({ n: n.toString(), e: e.toString() })
  return print(publisher, numbers(keys.header), numbers(keys.info), numbers(keys.patch))
}

export function printPublisherSecrets({ publisher, ...keys }: PublisherSecrets): string {
  const numbers = ({ n, e, d }: RsaPrivateKey) => ({
    n: n.toString(),
    e: e.toString(),
    d: d.toString(),
  })
  return print(publisher, numbers(keys.header), numbers(keys.info), numbers(keys.patch))
}

export function describeKeyFault(fault: KeyFault): string {
  switch (fault.kind) {
    case 'not-json':
      return 'it is not a JSON object'
    case 'bad-publisher-name':
      return '"publisher" is not a name of 1 to 32 letters, digits, ".", "_" and "-"'
    case 'reserved-publisher-name':
      return 'its publisher calls itself ClamAV, whose keys are built in'
    case 'bad-number':
      return `"${fault.path}" is not a decimal number in quotes`
    case 'unknown-field':
      return `"${fault.path}" is not a field of a key file`
    case 'bad-modulus-length':
      return `"${fault.path}" has ${fault.bits} bits where ${fault.wantedBits} are needed`
    case 'bad-exponent':
      return `"${fault.path}" is not an odd exponent of at most ${EXPONENT_BITS_MAX} bits`
    case 'secret-in-public-file':
      return `"${fault.path}" is a secret: this is not a file of public keys`
    case 'secret-does-not-fit':
      return `"${fault.path}" does not belong to the public numbers beside it`
    default:
      return unreachable(fault)
  }
}

type ParseKey<Key> = (fields: ReadonlyMap<string, unknown>, role: KeyRole) => Outcome<Key, KeyFault>

function parsePublisher<Key>(
  text: string,
  parseKey: ParseKey<Key>,
): Outcome<{ publisher: string; header: Key; info: Key; patch: Key }, KeyFault> {
  const file = fieldsOf(parseJson(text))
  if (file === undefined) return fail({ kind: 'not-json' })
  const known: readonly string[] = ['publisher', ...KEY_ROLES]
  const stranger = [...file.keys()].find((name) => !known.includes(name))
  if (stranger !== undefined) return fail({ kind: 'unknown-field', path: stranger.slice(0, 64) })
  const publisher = file.get('publisher')
  if (typeof publisher !== 'string' || !PUBLISHER.test(publisher)) {
    return fail({ kind: 'bad-publisher-name' })
  }
  if (publisher.toLowerCase() === RESERVED) return fail({ kind: 'reserved-publisher-name' })
  const key = (role: KeyRole) => parseKey(fieldsOf(file.get(role)) ?? new Map(), role)
  const header = key('header')
  if (!header.ok) return header
  const info = key('info')
  if (!info.ok) return info
  const patch = key('patch')
  if (!patch.ok) return patch
  return ok({ publisher, header: header.value, info: info.value, patch: patch.value })
}

const publicKey: ParseKey<RsaPublicKey> = (fields, role) => {
  if (fields.has('d')) return fail({ kind: 'secret-in-public-file', path: `${role}.d` })
  const n = decimal(fields, role, 'n')
  if (!n.ok) return n
  const e = decimal(fields, role, 'e')
  if (!e.ok) return e
  const bits = bitLength(n.value)
  if (bits !== MODULUS_BITS[role]) {
    const wantedBits = MODULUS_BITS[role]
    return fail({ kind: 'bad-modulus-length', path: `${role}.n`, bits, wantedBits })
  }
  if (e.value < 3n || e.value % 2n === 0n || bitLength(e.value) > EXPONENT_BITS_MAX) {
    return fail({ kind: 'bad-exponent', path: `${role}.e` })
  }
  return ok({ n: n.value, e: e.value })
}

const privateKey: ParseKey<RsaPrivateKey> = (fields, role) => {
  const d = decimal(fields, role, 'd')
  if (!d.ok) return d
  const key = publicKey(new Map([...fields].filter(([name]) => name !== 'd')), role)
  if (!key.ok) return key
  const { n, e } = key.value
  const probe = 2n
  if (d.value >= n || modPow(modPow(probe, d.value, n), e, n) !== probe) {
    return fail({ kind: 'secret-does-not-fit', path: `${role}.d` })
  }
  return ok({ n, e, d: d.value })
}

function decimal(
  fields: ReadonlyMap<string, unknown>,
  role: KeyRole,
  name: string,
): Outcome<bigint, KeyFault> {
  const text = fields.get(name)
  if (typeof text !== 'string' || !DECIMAL.test(text)) {
    return fail({ kind: 'bad-number', path: `${role}.${name}` })
  }
  return ok(BigInt(text))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return new Map(Object.entries(value))
}

function print(publisher: string, header: object, info: object, patch: object): string {
  return `${JSON.stringify({ publisher, header, info, patch }, undefined, 2)}\n`
}
