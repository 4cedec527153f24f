import { getSystemErrorName } from 'node:util'
import { parseIpAddress } from '#base/ip-address.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { BATCH_MESSAGES, type Batch } from './batch.ts'
import type { ListenOptions } from './dgram-server.ts'
import { LINUX, type SystemCalls } from './system-calls.ts'

/** How long a call may block; so soon mail is read. */
const WAIT_MICROSECONDS = 50_000
const RECEIVE_BYTES = 4 * 1024 * 1024
const NAME_BYTES = 28

/** A UDP socket of the system's, without Node in between. */
export class BatchedSocket {
  readonly port: number
  readonly isWildcard: boolean
  readonly #calls: SystemCalls
  readonly #socket: number

  private constructor(calls: SystemCalls, socket: number, port: number, isWildcard: boolean) {
    this.#calls = calls
    this.#socket = socket
    this.port = port
    this.isWildcard = isWildcard
  }

  /** The fault is the system's word: `EADDRINUSE`. */
  static open(calls: SystemCalls, listen: ListenOptions): Outcome<BatchedSocket, string> {
    const address = parseIpAddress(listen.host)
    if (address === undefined) return fail(`"${listen.host}" is no address`)
    const ipv6 = address.byteLength === 16
    const socket = calls.socket(ipv6 ? LINUX.AF_INET6 : LINUX.AF_INET, LINUX.SOCK_DGRAM, 0)
    if (socket < 0) return fail(lastFailure(calls))
    const isWildcard = address.every((byte) => byte === 0)
    setOptions(calls, socket, { ipv6, isWildcard, sharePort: listen.sharePort === true })
    const name = socketName(address, listen.port)
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(NAME_BYTES)
    const bound = Buffer.alloc(NAME_BYTES)
    if (
      calls.bind(socket, name, ipv6 ? NAME_BYTES : 16) < 0 ||
      calls.getsockname(socket, bound, bytes) < 0
    ) {
      const reason = lastFailure(calls)
      calls.close(socket)
      return fail(reason)
    }
    return ok(new BatchedSocket(calls, socket, bound.readUInt16BE(2), isWildcard))
  }

  /** Waits a while; how many came. A text says why none ever will again. */
  receive(batch: Batch): number | string {
    return this.#take(batch, LINUX.MSG_WAITFORONE)
  }

  /** The same without waiting. */
  receiveThere(batch: Batch): number | string {
    return this.#take(batch, LINUX.MSG_DONTWAIT)
  }

  #take(batch: Batch, flags: number): number | string {
    const calls = this.#calls
    const count = calls.recvmmsg(this.#socket, batch.received, BATCH_MESSAGES, flags, null)
    if (count >= 0) return count
    const errno = calls.errno()
    if (errno === LINUX.EAGAIN || errno === LINUX.EINTR || errno === ECONNREFUSED) return 0
    return nameOf(errno)
  }

  /** What cannot be sent is lost, as datagrams may be: one bad address must not stop the others. */
  send(batch: Batch, count: number): void {
    let sent = 0
    while (sent < count) {
      const rest = sent === 0 ? batch.sending : batch.sending.subarray(sent * 64)
      const now = this.#calls.sendmmsg(this.#socket, rest, count - sent, 0)
      sent += now > 0 ? now : 1
    }
  }

  close(): void {
    this.#calls.close(this.#socket)
  }
}

const ECONNREFUSED = 111

function setOptions(
  calls: SystemCalls,
  socket: number,
  {
    ipv6,
    isWildcard,
    sharePort,
  }: { readonly ipv6: boolean; readonly isWildcard: boolean; readonly sharePort: boolean },
): void {
  const set = (level: number, name: number, value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32LE(value)
    calls.setsockopt(socket, level, name, bytes, 4)
  }
  const wait = Buffer.alloc(16)
  wait.writeBigInt64LE(BigInt(WAIT_MICROSECONDS), 8)
  calls.setsockopt(socket, LINUX.SOL_SOCKET, LINUX.SO_RCVTIMEO, wait, 16)
  set(LINUX.SOL_SOCKET, LINUX.SO_RCVBUF, RECEIVE_BYTES)
  // Beyond the system's own limit; only root may.
  set(LINUX.SOL_SOCKET, LINUX.SO_RCVBUFFORCE, RECEIVE_BYTES)
  if (sharePort) set(LINUX.SOL_SOCKET, LINUX.SO_REUSEPORT, 1)
  if (ipv6) set(LINUX.IPPROTO_IPV6, LINUX.IPV6_V6ONLY, 1)
  if (isWildcard && ipv6) set(LINUX.IPPROTO_IPV6, LINUX.IPV6_RECVPKTINFO, 1)
  if (isWildcard && !ipv6) set(LINUX.IPPROTO_IP, LINUX.IP_PKTINFO, 1)
}

function socketName(address: Uint8Array, port: number): Buffer {
  const name = Buffer.alloc(NAME_BYTES)
  const ipv6 = address.byteLength === 16
  name.writeUInt16LE(ipv6 ? LINUX.AF_INET6 : LINUX.AF_INET, 0)
  name.writeUInt16BE(port, 2)
  name.set(address, ipv6 ? 8 : 4)
  return name
}

function lastFailure(calls: SystemCalls): string {
  return nameOf(calls.errno())
}

function nameOf(errno: number): string {
  return getSystemErrorName(-errno)
}
