/**
 * The system calls that Node has no door for: `recvmmsg` and `sendmmsg` take and give many datagrams at once. Called through
 * koffi, whose binaries come inside of its npm package; where it does not load, the caller uses `node:dgram`.
 */
import { createRequire } from 'node:module'

export interface SystemCalls {
  socket(family: number, type: number, protocol: number): number
  bind(socket: number, address: Buffer, bytes: number): number
  getsockname(socket: number, address: Buffer, bytes: Buffer): number
  setsockopt(socket: number, level: number, name: number, value: Buffer, bytes: number): number
  recvmmsg(socket: number, messages: Buffer, count: number, flags: number, timeout: null): number
  sendmmsg(socket: number, messages: Buffer, count: number, flags: number): number
  close(socket: number): number
  /** Number of the last failure. */
  errno(): number
  /** Where a buffer lies. */
  addressOf(buffer: Buffer): bigint
}

/** Numbers of Linux, the same on x86-64 and arm64. */
export const LINUX = {
  AF_INET: 2,
  AF_INET6: 10,
  SOCK_DGRAM: 2,
  SOL_SOCKET: 1,
  SO_RCVBUF: 8,
  SO_REUSEPORT: 15,
  SO_RCVTIMEO: 20,
  SO_RCVBUFFORCE: 33,
  IPPROTO_IP: 0,
  IP_PKTINFO: 8,
  IPPROTO_IPV6: 41,
  IPV6_V6ONLY: 26,
  IPV6_RECVPKTINFO: 49,
  MSG_DONTWAIT: 0x40,
  MSG_WAITFORONE: 0x1_0000,
  EINTR: 4,
  EAGAIN: 11,
} as const

/** Undefined where the system is another, or koffi is not there. */
export function loadSystemCalls(): SystemCalls | undefined {
  const known = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
  if (!known) return undefined
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi')
    const libc = koffi.load('libc.so.6')
    return {
      socket: libc.func('int socket(int, int, int)'),
      bind: libc.func('int bind(int, void *, unsigned int)'),
      getsockname: libc.func('int getsockname(int, void *, void *)'),
      setsockopt: libc.func('int setsockopt(int, int, int, void *, unsigned int)'),
      recvmmsg: libc.func('int recvmmsg(int, void *, unsigned int, int, void *)'),
      sendmmsg: libc.func('int sendmmsg(int, void *, unsigned int, int)'),
      close: libc.func('int close(int)'),
      errno: () => koffi.errno(),
      addressOf: (buffer) => BigInt(koffi.address(buffer)),
    }
  } catch {
    return undefined
  }
}
