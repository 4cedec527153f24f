import type { EpochSeconds } from '#base/time.ts'
import {
  CLASS,
  dnsName,
  FLAG,
  OPCODE,
  printMessage,
  QUERY,
  RCODE,
  type TsigKey,
  TsigSigner,
  TYPE,
} from '#formats/dns-message/index.ts'
import { exchange } from './exchange.ts'

export interface Secondary {
  readonly host: string
  readonly port: number
  readonly key: TsigKey
}

/** RFC 1996, 3.6 says 60 s and five tries; on a network of today an answer takes no second. */
const TRIES = 4
const WAIT_MS = 1500

export type Notice =
  | { readonly kind: 'heard' }
  | { readonly kind: 'silent' }
  /** It answers that it will not have it: it is no secondary of the zone, or does not know the key. */
  | { readonly kind: 'refused'; readonly rcode: number }

/**
 * Tells a secondary that the zone is another (RFC 1996), until it says what it thinks of that. Whoever did not hear will
 * ask by itself when `refresh` is over. Rejects with the signal's reason.
 */
export async function notify(
  { key, ...server }: Secondary,
  zone: string,
  id: number,
  now: EpochSeconds,
  signal: AbortSignal,
): Promise<Notice> {
  const questions = [{ name: dnsName(zone), type: TYPE.SOA, class: CLASS.IN }]
  const message = { ...QUERY, id, opcode: OPCODE.NOTIFY, authoritative: true, questions }
  const signed = new TsigSigner(key, undefined).sign(printMessage(message), now)
  const answer = await exchange(server, signed, { tries: TRIES, waitMs: WAIT_MS }, signal)
  if (answer === undefined) return { kind: 'silent' }
  const rcode = answer.readUInt16BE(2) & FLAG.RCODE
  return rcode === RCODE.NOERROR ? { kind: 'heard' } : { kind: 'refused', rcode }
}
