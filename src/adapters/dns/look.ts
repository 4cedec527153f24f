import { randomInt } from 'node:crypto'
import { toSeconds } from '#base/time.ts'
import {
  CLASS,
  type DnsMessage,
  dnsName,
  parseMessage,
  printMessage,
  QUERY,
  RCODE,
  TYPE,
} from '#formats/dns-message/index.ts'
import type { Clock } from '#ports/clock.ts'
import {
  type NameServerLook,
  NameServerLookError,
  type NameServerSight,
} from '#ports/name-server-look.ts'
import { exchange } from './exchange.ts'

/** A lost packet is no outage. */
const TRIES = 3
const WAIT_MS = 2_000

/** `NameServerLook` over UDP. Only answers to the question that was asked, from where it was asked, count. */
export class DnsLook implements NameServerLook {
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async look(
    server: { readonly host: string; readonly port: number },
    zone: string,
    signal: AbortSignal,
  ): Promise<NameServerSight> {
    const soa = await this.#ask(server, zone, TYPE.SOA, signal)
    const [record] = soa.answer
    if (!soa.authoritative || record?.data.kind !== 'soa') {
      throw new NameServerLookError('lame', `see "${zone}" on ${server.host}: it does not have it`)
    }
    const ns = await this.#ask(server, zone, TYPE.NS, signal)
    const txt = await this.#ask(server, `current.cvd.${zone}`, TYPE.TXT, signal)
    const text = txt.answer.find(({ data }) => data.kind === 'txt')?.data
    const [first] = text?.kind === 'txt' ? text.strings : []
    const { kind: _, serial, ...authority } = record.data
    return {
      serial,
      authority: Object.values(authority).join(' '),
      nameServers: ns.answer
        .flatMap(({ data }) => (data.kind === 'ns' ? [data.target] : []))
        .toSorted(),
      record: first === undefined ? undefined : Buffer.from(first).toString('latin1'),
      seenAt: toSeconds(this.#clock.now()),
    }
  }

  async #ask(
    { host, port }: { readonly host: string; readonly port: number },
    name: string,
    type: number,
    signal: AbortSignal,
  ): Promise<DnsMessage> {
    const questions = [{ name: dnsName(name), type, class: CLASS.IN }]
    const question = Buffer.from(printMessage({ ...QUERY, id: randomInt(0x1_0000), questions }))
    const patience = { tries: TRIES, waitMs: WAIT_MS }
    const answer = await exchange({ host, port }, question, patience, signal)
    if (answer !== undefined) return checked(answer, host)
    throw new NameServerLookError('silent', `ask ${host} port ${port}: no answer`)
  }
}

function checked(bytes: Buffer, host: string): DnsMessage {
  const message = parseMessage(bytes)
  if (!message.ok) {
    throw new NameServerLookError('nonsense', `read the answer of ${host}`)
  }
  const { rcode } = message.value
  if (rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN) return message.value
  throw new NameServerLookError('lame', `use the answer of ${host}: its code is ${rcode}`)
}
