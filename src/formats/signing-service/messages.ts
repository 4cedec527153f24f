import { fromLatin1, toLatin1 } from '#base/bytes.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'

/**
 * What sigtool and its signing service say to each other (formats.md 1.6). One connection is one question:
 *
 *     KIND:user:password:<raw digest>         →
 *     Signature:<signature text>              ←  and the service closes
 *
 * Nothing is encrypted and the password is plain: both ends belong on one machine, or inside a tunnel.
 */
export type SignPart = 'header' | 'info' | 'patch'

export interface SignRequest {
  readonly part: SignPart
  readonly user: string
  readonly password: string
  readonly digest: Uint8Array
}

export type SignRequestFault =
  | { readonly kind: 'too-long'; readonly bytesMax: number }
  | { readonly kind: 'unknown-kind' }
  | { readonly kind: 'bad-login' }
  | { readonly kind: 'bad-digest-length'; readonly bytes: number; readonly wanted: number }

export type SignAnswerFault =
  | { readonly kind: 'no-signature'; readonly said: string }
  | { readonly kind: 'answer-too-long'; readonly bytesMax: number }
  | { readonly kind: 'bad-signature-text' }

export const SIGNING_PORT = 33_101
/** The service's buffer. */
const REQUEST_BYTES_MAX = 128
/** sigtool reads no more. */
export const SIGN_ANSWER_BYTES_MAX = 511
/** sigtool's buffers for user and password. */
const LOGIN = /^[\x21-\x39\x3b-\x7e]{1,30}$/
const KINDS = {
  header: { name: 'ClamSign', digestBytes: 16 },
  patch: { name: 'ClamSignPSS', digestBytes: 32 },
  info: { name: 'ClamSignPSS2', digestBytes: 32 },
} as const satisfies Readonly<Record<SignPart, unknown>>
const PARTS = ['header', 'patch', 'info'] as const satisfies readonly SignPart[]
const ANSWER = 'Signature:'
/** Longest for 2048 bits. */
const SIGNATURE_TEXT = /^[A-Za-z0-9+/]{1,350}$/

export function printSignRequest(request: SignRequest): Outcome<Uint8Array, SignRequestFault> {
  const { part, user, password, digest } = request
  const { name, digestBytes } = KINDS[part]
  if (!LOGIN.test(user) || !LOGIN.test(password)) return fail({ kind: 'bad-login' })
  if (digest.byteLength !== digestBytes) {
    const bytes = digest.byteLength
    return fail({ kind: 'bad-digest-length', bytes, wanted: digestBytes })
  }
  const bytes = Buffer.concat([fromLatin1(`${name}:${user}:${password}:`), digest])
  return bytes.byteLength > REQUEST_BYTES_MAX
    ? fail({ kind: 'too-long', bytesMax: REQUEST_BYTES_MAX })
    : ok(bytes)
}

/** A whole request, as a service reads it. */
export function parseSignRequest(bytes: Uint8Array): Outcome<SignRequest, SignRequestFault> {
  if (bytes.byteLength > REQUEST_BYTES_MAX) {
    return fail({ kind: 'too-long', bytesMax: REQUEST_BYTES_MAX })
  }
  const [name, user, password, ...rest] = toLatin1(bytes).split(':')
  const part = PARTS.find((one) => KINDS[one].name === name)
  if (part === undefined) return fail({ kind: 'unknown-kind' })
  if (user === undefined || password === undefined || rest.length === 0) {
    return fail({ kind: 'bad-login' })
  }
  if (!LOGIN.test(user) || !LOGIN.test(password)) return fail({ kind: 'bad-login' })
  const digest = bytes.subarray(`${name}:${user}:${password}:`.length)
  const { digestBytes } = KINDS[part]
  return digest.byteLength === digestBytes
    ? ok({ part, user, password, digest })
    : fail({ kind: 'bad-digest-length', bytes: digest.byteLength, wanted: digestBytes })
}

export function printSignAnswer(signatureText: string): Uint8Array {
  return fromLatin1(`${ANSWER}${signatureText}`)
}

/** The signature text; a line end or a NUL behind it is dropped. */
export function parseSignAnswer(bytes: Uint8Array): Outcome<string, SignAnswerFault> {
  if (bytes.byteLength > SIGN_ANSWER_BYTES_MAX) {
    return fail({ kind: 'answer-too-long', bytesMax: SIGN_ANSWER_BYTES_MAX })
  }
  const text = toLatin1(bytes)
  if (!text.startsWith(ANSWER)) {
    const said = text.slice(0, 80).replaceAll(/[^\x20-\x7e]/g, '?')
    return fail({ kind: 'no-signature', said })
  }
  const signature = text.slice(ANSWER.length).replace(/[\r\n\0]+$/, '')
  return SIGNATURE_TEXT.test(signature) ? ok(signature) : fail({ kind: 'bad-signature-text' })
}

export function describeSignRequestFault(fault: SignRequestFault): string {
  switch (fault.kind) {
    case 'too-long':
      return `the request has more than ${fault.bytesMax} bytes`
    case 'unknown-kind':
      return 'the request is of an unknown kind'
    case 'bad-login':
      return 'user and password must have 1 to 30 printable characters without blank and ":"'
    case 'bad-digest-length':
      return `the digest has ${fault.bytes} bytes, not ${fault.wanted}`
  }
}

export function describeSignAnswerFault(fault: SignAnswerFault): string {
  switch (fault.kind) {
    case 'no-signature':
      return fault.said === '' ? 'it said nothing' : `it said "${fault.said}"`
    case 'answer-too-long':
      return `its answer has more than ${fault.bytesMax} bytes`
    case 'bad-signature-text':
      return 'its signature is not in the alphabet of signatures'
  }
}
