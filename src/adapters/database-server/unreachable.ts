import { errors } from 'undici'
import { oneLine } from '#core/notices/index.ts'

/** Some addresses and a long name; what strangers say is cut there. */
const REASON_CHARS_MAX = 400

/** No answer, or none that can be used. Its message is for the operator, in one line. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
  readonly code = 'unreachable'

  constructor(place: string, reason: string, options?: ErrorOptions) {
    super(oneLine(`${place}: ${reason}`, REASON_CHARS_MAX), options)
  }
}

export interface Waits {
  readonly connectMsMax: number
  readonly silentMsMax: number
}

const BROKE_OFF = 'the connection broke off'
const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such name',
  EAI_AGAIN: 'its name cannot be looked up now',
  ECONNRESET: BROKE_OFF,
  EPIPE: BROKE_OFF,
  UND_ERR_SOCKET: BROKE_OFF,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: BROKE_OFF,
  UND_ERR_HEADERS_OVERFLOW: 'the head of its answer is too long',
}
/** Codes of OpenSSL and Node for a certificate that is not believed. */
const CERTIFICATE = /CERT|^UNABLE_TO_|^HOSTNAME_MISMATCH$/

/** In words what Node or undici report. */
export function describeFailure(error: unknown, { connectMsMax, silentMsMax }: Waits): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map(messageOf).join('; ')
  }
  if (error instanceof errors.ConnectTimeoutError)
    return `no connection in ${seconds(connectMsMax)}`
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return `it sent nothing for ${seconds(silentMsMax)}`
  }
  const message = messageOf(error)
  if (error instanceof errors.HTTPParserError) return `what it says is no HTTP: ${message}`
  const code = codeOf(error)
  if (CERTIFICATE.test(code)) return `its certificate is not believed: ${message}`
  return WORDS[code] ?? message
}

/** The status with which a proxy refused to connect; undefined where it was not a proxy's refusal. */
export function proxyStatus(error: unknown): number | undefined {
  if (codeOf(error) !== 'UND_ERR_ABORTED' && codeOf(error) !== 'UND_ERR_INVALID_ARG')
    return undefined
  const match = /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(messageOf(error))
  return match === null ? undefined : Number(match[1])
}

export function seconds(ms: number): string {
  return `${ms / 1000} s`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
