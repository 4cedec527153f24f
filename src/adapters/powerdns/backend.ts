/**
 * PowerDNS asks us: its remote backend over HTTP, read only. Each question comes with the client's address, so places stay
 * right, and each answer is that of the moment. PowerDNS does the rest: sockets, EDNS, TCP, DNSSEC if wanted.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type IpBytes, parseIpAddress, unmapped } from '#base/ip-address.ts'
import type { FullAnswer } from '#core/zone/index.ts'
import {
  CLASS,
  type DnsName,
  parseDnsName,
  type Question,
  TYPE,
  typeOf,
} from '#formats/dns-message/index.ts'
import { contentOf } from './content.ts'

/** What the backend needs to know of the zone. */
export interface BackendZone {
  /** Without a final dot. */
  readonly name: string
  readonly serial: number
  answer(question: Question, client: IpBytes): FullAnswer
}

export interface PowerDnsBackend extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

export class PowerDnsError extends Error {
  override readonly name = 'PowerDnsError'
  readonly code = 'cannot-listen'

  constructor(host: string, port: number, options?: ErrorOptions) {
    super(`Cannot listen on ${host} port ${port} for PowerDNS`, options)
  }
}

/** PowerDNS asks for ANY and picks: these are all that the zone has. */
const TYPES = [TYPE.SOA, TYPE.NS, TYPE.CAA, TYPE.CNAME, TYPE.A, TYPE.AAAA, TYPE.TXT] as const
const NOBODY: IpBytes = new Uint8Array(4)
const DOMAIN_ID = 1
const PATH = /^\/dns\/([A-Za-z]+)(?:\/([^/?]+))?(?:\/([^/?]+))?/

export async function startPowerDnsBackend(
  listen: { readonly host: string; readonly port: number },
  zone: () => BackendZone,
): Promise<PowerDnsBackend> {
  const server = createServer((request, response) => respond(request, response, zone()))
  const listening = once(server, 'listening')
  server.listen(listen.port, listen.host)
  await listening.catch((cause: unknown) => {
    throw new PowerDnsError(listen.host, listen.port, { cause })
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : listen.port
  return {
    host: listen.host,
    port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function respond(request: IncomingMessage, response: ServerResponse, zone: BackendZone): void {
  const result = request.method === 'GET' ? resultOf(request, zone) : false
  const body = JSON.stringify({ result })
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length })
  response.end(body)
}

/** `false` is how PowerDNS is told "there is none". */
function resultOf(request: IncomingMessage, zone: BackendZone): unknown {
  const [, method = '', first = '', second = ''] = PATH.exec(request.url ?? '') ?? []
  switch (method) {
    case 'lookup': {
      const name = parseDnsName(decoded(first))
      return name.ok ? lookup(zone, name.value, decoded(second), clientOf(request)) : false
    }
    case 'getDomainInfo':
      return decoded(first) === `${zone.name}.` && domainOf(zone)
    case 'getAllDomains':
      return [domainOf(zone)]
    case 'getAllDomainMetadata':
      return {}
    case 'getDomainMetadata':
      return []
    default:
      return false
  }
}

function domainOf({ name, serial }: BackendZone) {
  return { id: DOMAIN_ID, zone: `${name}.`, kind: 'NATIVE', serial, notified_serial: serial }
}

function lookup(zone: BackendZone, name: DnsName, type: string, client: IpBytes): unknown {
  const wanted = TYPES.filter((one) => type === 'ANY' || TYPE[type as keyof typeof TYPE] === one)
  const records = wanted.flatMap((one) => {
    const { answer, byClient } = zone.answer({ name, type: one, class: CLASS.IN }, client)
    // What a CNAME leads to, PowerDNS looks up by itself; and a CNAME itself only with its own type, or ANY.
    return answer
      .filter((record) => record.name === name && typeOf(record.data) === one)
      .map((record) => ({ record, byClient }))
  })
  const result = records.map(({ record, byClient }) => ({
    qname: `${record.name}.`,
    ...contentOf(record.data),
    ttl: record.ttl,
    auth: 1,
    domain_id: DOMAIN_ID,
    scopeMask: byClient ? client.byteLength * 8 : 0,
  }))
  return result.length === 0 ? false : result
}

function clientOf(request: IncomingMessage): IpBytes {
  const header =
    request.headers['x-remotebackend-real-remote'] ?? request.headers['x-remotebackend-remote']
  const text = typeof header === 'string' ? (header.split('/', 1)[0] ?? '') : ''
  const bytes = parseIpAddress(text)
  return bytes === undefined ? NOBODY : unmapped(bytes)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
