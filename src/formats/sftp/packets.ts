import { fail, type Outcome, ok } from '#base/outcome.ts'
import { SFTP_PACKET_BYTES_MAX, type SftpFault } from './protocol.ts'

const LENGTH_BYTES = 4

/**
 * Cuts a byte stream into packets (without their length field). Holds at most one packet and one chunk, and joins
 * chunks only once a packet is complete, so that a stream of single bytes costs no more than one of large chunks.
 */
export class SftpPackets {
  #chunks: Buffer[] = []
  #held = 0
  /** Of the packet that has begun, its length field included; the length field alone while that is incomplete. */
  #wanted = LENGTH_BYTES

  /** The packets that are complete with these bytes; a fault ends the stream. */
  feed(bytes: Uint8Array): Outcome<readonly Uint8Array[], SftpFault> {
    this.#chunks.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    this.#held += bytes.byteLength
    const packets: Uint8Array[] = []
    while (this.#held >= this.#wanted) {
      const joined = this.#join()
      if (this.#wanted === LENGTH_BYTES) {
        const length = joined.readUInt32BE(0)
        if (length === 0 || length > SFTP_PACKET_BYTES_MAX) {
          return fail({ kind: 'packet-too-long', bytes: length })
        }
        this.#wanted = LENGTH_BYTES + length
      } else {
        packets.push(joined.subarray(LENGTH_BYTES, this.#wanted))
        this.#chunks = [joined.subarray(this.#wanted)]
        this.#held -= this.#wanted
        this.#wanted = LENGTH_BYTES
      }
    }
    return ok(packets)
  }

  #join(): Buffer {
    const [first, ...more] = this.#chunks
    if (first !== undefined && more.length === 0) return first
    const joined = Buffer.concat(this.#chunks, this.#held)
    this.#chunks = [joined]
    return joined
  }
}
