import type { EpochSeconds } from '#base/time.ts'
import { staticRecords, staticSoa, type ZoneSnapshot } from '#core/zone/index.ts'
import {
  CLASS,
  type DnsMessage,
  dnsName,
  parseMessage,
  printMessage,
  QUERY,
  QueryReader,
  type Question,
  RCODE,
  type ResourceRecord,
  type Signed,
  type TsigKey,
  TsigSigner,
  TYPE,
  tsigRefusal,
  verifyTsig,
} from '#formats/dns-message/index.ts'
import { changesBetween } from './zone-changes.ts'

/** Records in one message of a transfer: some 16 KB, which every secondary takes. */
const RECORDS_PER_MESSAGE = 200
/** So many states back an IXFR gets the changes; further back, the whole zone (RFC 1995, 4). */
const STATES_KEPT = 16

interface ZoneState {
  readonly soa: ResourceRecord
  readonly serial: number
  readonly records: readonly ResourceRecord[]
}

/**
 * AXFR and IXFR of the static view (RFC 5936, RFC 1995) to whoever signs with one of the keys (RFC 8945); nobody else gets
 * the zone. States are worked out when somebody asks, and kept for the changes between them.
 */
export class ZoneTransfers {
  readonly #keys: readonly TsigKey[]
  readonly #reader = new QueryReader()
  #states: readonly ZoneState[] = []
  #snapshot: ZoneSnapshot

  constructor(snapshot: ZoneSnapshot, keys: readonly TsigKey[]) {
    this.#snapshot = snapshot
    this.#keys = keys
  }

  transferFrom(snapshot: ZoneSnapshot): void {
    this.#snapshot = snapshot
  }

  /** The messages of the answer; undefined: the question is no transfer. */
  answer(message: Buffer, now: EpochSeconds): readonly Uint8Array[] | undefined {
    const query = this.#reader
    if (query.read(message, message.byteLength) !== 'good') return undefined
    if (query.type !== TYPE.AXFR && query.type !== TYPE.IXFR) return undefined
    const asked = parseMessage(message)
    const [question] = asked.ok ? asked.value.questions : []
    if (!asked.ok || question === undefined) return undefined
    const base = { ...QUERY, id: query.id, response: true, questions: [question] }
    if (query.tsigAt < 0) return [printMessage({ ...base, rcode: RCODE.REFUSED })]
    const received = { query: message, at: query.tsigAt, now }
    const signed = verifyTsig(received, this.#keys)
    if (!signed.ok) {
      return [tsigRefusal(received, signed.fault, (rcode) => printMessage({ ...base, rcode }))]
    }
    return this.#messages(question, asked.value, base, signed.value, now)
  }

  #messages(
    question: Question,
    asked: DnsMessage,
    base: DnsMessage,
    { key, mac }: Signed,
    now: EpochSeconds,
  ): readonly Uint8Array[] {
    const signer = new TsigSigner(key, mac)
    if (question.name !== dnsName(this.#snapshot.zone) || question.class !== CLASS.IN) {
      return [signer.sign(printMessage({ ...base, rcode: RCODE.NOTAUTH }), now)]
    }
    const records =
      question.type === TYPE.IXFR ? this.#sinceState(serialIn(asked)) : whole(this.#state())
    const chunks = Array.from(
      { length: Math.ceil(records.length / RECORDS_PER_MESSAGE) },
      (_, at) => records.slice(at * RECORDS_PER_MESSAGE, (at + 1) * RECORDS_PER_MESSAGE),
    )
    return chunks.map((answer) =>
      signer.sign(printMessage({ ...base, authoritative: true, answer }), now),
    )
  }

  #state(): ZoneState {
    const { serial } = this.#snapshot
    const known = this.#states.find((state) => state.serial === serial)
    if (known !== undefined) return known
    const state = { soa: staticSoa(this.#snapshot), serial, records: staticRecords(this.#snapshot) }
    this.#states = [...this.#states, state].slice(-STATES_KEPT)
    return state
  }

  #sinceState(serial: number | undefined): readonly ResourceRecord[] {
    const now = this.#state()
    // Who has it already, or something newer, gets the SOA alone (RFC 1995, 2).
    if (serial === undefined) return whole(now)
    if (((now.serial - serial) | 0) <= 0) return [now.soa]
    const then = this.#states.find((state) => state.serial === serial)
    if (then === undefined) return whole(now)
    const { gone, come } = changesBetween(then.records, now.records)
    return [now.soa, then.soa, ...gone, now.soa, ...come, now.soa]
  }
}

function whole({ soa, records }: ZoneState): readonly ResourceRecord[] {
  return [soa, ...records, soa]
}

function serialIn({ authority }: DnsMessage): number | undefined {
  const [record] = authority
  return record?.data.kind === 'soa' ? record.data.serial : undefined
}
