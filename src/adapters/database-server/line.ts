/**
 * How connections are made: straight or through a proxy, from any or from one local address.
 *
 * Every question has a connection of its own, as freshclam's have: one kept open may have been given up by the other side.
 * HTTP/2 is not offered.
 */
import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici'
import type { Waits } from './unreachable.ts'

export interface ProxyOptions {
  /** A name or an address, IPv6 without brackets. */
  readonly server: string
  readonly port: number
  readonly user?: string | undefined
  readonly password?: string | undefined
}

export interface LineOptions extends Waits {
  readonly proxy?: ProxyOptions | undefined
  readonly localAddress?: string | undefined
  readonly authorities?: string | undefined
  readonly lookup?: LookupFunction | undefined
}

/** Guess: a satellite answers in less, and one dead address before a living one is not noticed. */
const NEXT_ADDRESS_AFTER_MS = 2_000

export function openLine(options: LineOptions): Dispatcher {
  const { connectMsMax, silentMsMax, proxy, localAddress, authorities } = options
  const resolve = options.lookup ?? lookup
  const tls = {
    allowH2: false,
    timeout: connectMsMax,
    ...(authorities !== undefined && { ca: authorities }),
  }
  const connect = fromAddress(
    localAddress,
    resolve,
    buildConnector({
      ...tls,
      lookup: resolve,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: Math.min(NEXT_ADDRESS_AFTER_MS, connectMsMax),
    }),
  )
  if (proxy === undefined) return new Agent({ connect, allowH2: false })
  const own = `http://${proxyHost(proxy)}`
  const waits = { headersTimeout: silentMsMax, bodyTimeout: silentMsMax }
  return new ProxyAgent({
    uri: own,
    allowH2: false,
    requestTls: tls,
    ...(proxy.user !== undefined && { token: basicLogin(proxy.user, proxy.password ?? '') }),
    clientFactory: (origin) => new Pool(origin, { connect, ...waits }),
    factory: (origin, given) => new Pool(origin, isOf(own, origin) ? { connect, ...waits } : given),
  })
}

/** `proxy.example:3128`, `[2001:db8::1]:3128`: without the login. */
export function proxyHost({ server, port }: ProxyOptions): string {
  return `${isIP(server) === 6 ? `[${server}]` : server}:${port}`
}

function isOf(own: string, origin: string | URL): boolean {
  return new URL(origin).origin === new URL(own).origin
}

export function basicLogin(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** From one local address Node tries the first address of a name only; here each of the same family has its turn. */
function fromAddress(
  localAddress: string | undefined,
  resolve: LookupFunction,
  connect: buildConnector.connector,
): buildConnector.connector {
  if (localAddress === undefined) return connect
  return (options, callback) => {
    resolve(options.hostname, { all: true, family: isIP(localAddress) }, (error, found) => {
      if (error !== null) return callback(error, null)
      const addresses = typeof found === 'string' ? [found] : found.map(({ address }) => address)
      const tryNext = (at: number, before: Error) => {
        const hostname = addresses[at]
        if (hostname === undefined) return callback(before, null)
        connect({ ...options, hostname, localAddress }, (fault, socket) => {
          if (fault === null) callback(null, socket)
          else tryNext(at + 1, fault)
        })
      }
      tryNext(0, new Error(`it has no address that ${localAddress} reaches`))
    })
  }
}
