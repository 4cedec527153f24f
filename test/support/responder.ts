import { type Responder, TCP_BYTES_MAX, type Transport } from '#adapters/dns/index.ts'
import { addresses, NOW } from './zone.ts'

export const PEER = addresses('198.51.100.7')[0] ?? new Uint8Array(4)
export const NOW_MS = NOW * 1000

/** The answer to one packet; undefined: there is none. */
export function respond(
  responder: Responder,
  message: Buffer,
  options: { peer?: Uint8Array; transport?: Transport; nowMs?: number } = {},
): Buffer | undefined {
  const { peer = PEER, transport = 'udp', nowMs = NOW_MS } = options
  const out = Buffer.alloc(TCP_BYTES_MAX)
  const length = responder.respond(message, message.byteLength, peer, transport, nowMs, out)
  return length === 0 ? undefined : out.subarray(0, length)
}
