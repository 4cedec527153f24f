import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { EpochSeconds } from '#base/time.ts'
import {
  CLASS,
  dnsName,
  OPCODE,
  printMessage,
  QUERY,
  type TsigKey,
  TsigSigner,
  TYPE,
} from '#formats/dns-message/index.ts'

export interface Secondary {
  readonly host: string
  readonly port: number
  readonly key: TsigKey
}

/** RFC 1996, 3.6 says 60 s and five tries; on a network of today an answer takes no second. */
const TRIES = 4
const WAIT_MS = 1500

/**
 * Tells a secondary that the zone is another (RFC 1996), until it says that it heard. False: it did not; it will ask by
 * itself when `refresh` is over. Rejects with the signal's reason.
 */
export async function notify(
  { host, port, key }: Secondary,
  zone: string,
  id: number,
  now: EpochSeconds,
  signal: AbortSignal,
): Promise<boolean> {
  const questions = [{ name: dnsName(zone), type: TYPE.SOA, class: CLASS.IN }]
  const message = { ...QUERY, id, opcode: OPCODE.NOTIFY, authoritative: true, questions }
  const signed = new TsigSigner(key, undefined).sign(printMessage(message), now)
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  socket.on('error', () => {})
  try {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      signal.throwIfAborted()
      const both = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)])
      const answered = once(socket, 'message', { signal: both })
      socket.send(signed, port, host, () => {})
      const answer: Buffer | undefined = await answered.then(
        ([bytes]) => bytes,
        () => undefined,
      )
      if (answer !== undefined && answer.byteLength > 2 && answer.readUInt16BE(0) === id)
        return true
    }
    return false
  } finally {
    socket.close()
  }
}
