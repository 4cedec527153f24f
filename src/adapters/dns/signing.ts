import type { ZoneKey } from '#core/dnssec/index.ts'
import type { ZoneView } from '#core/zone/index.ts'
import { dnsName, type QueryReader, TYPE } from '#formats/dns-message/index.ts'
import type { DnsCounters } from '#ports/dns-server.ts'
import type { Prepared } from './prepared.ts'
import { SignedAnswers } from './signed-answers.ts'
import { type DnssecSetup, isKeyType, ZoneSigner } from './zone-signer.ts'

/** The signed side of a responder: its keys and what is answered with them. */
export class Signing {
  readonly #setup: DnssecSetup
  readonly #counters: DnsCounters
  readonly #draw: () => number
  #view: ZoneView
  #signer: ZoneSigner
  #answers: SignedAnswers

  constructor(setup: DnssecSetup, view: ZoneView, counters: DnsCounters, draw: () => number) {
    this.#setup = setup
    this.#counters = counters
    this.#draw = draw
    this.#view = view
    this.#signer = new ZoneSigner(dnsName(view.snapshot.zone), setup, counters)
    this.#answers = new SignedAnswers(view, this.#signer, draw)
  }

  /** What is signed already stays signed where it is the same. */
  answerFrom(view: ZoneView): void {
    this.#view = view
    this.#answers = new SignedAnswers(view, this.#signer, this.#draw)
  }

  signWith(keys: readonly ZoneKey[]): void {
    const zone = dnsName(this.#view.snapshot.zone)
    this.#signer = new ZoneSigner(zone, { ...this.#setup, keys }, this.#counters)
    this.answerFrom(this.#view)
  }

  /** Who wants signatures, and who asks for what only a signed zone has. */
  concerns(query: QueryReader): boolean {
    return query.dnssecOk || isKeyType(query.type) || query.type === TYPE.NXNAME
  }

  /** Undefined: too many signatures would have to be made. */
  find(
    query: QueryReader,
    message: Buffer,
    placeOf: () => number,
    nowMs: number,
  ): Prepared | undefined {
    return this.#answers.find(query, message, placeOf, nowMs)
  }

  soonestEnd(nowMs: number): number {
    return this.#signer.soonestEnd(nowMs)
  }

  /** Bounded, whatever strangers ask. */
  get signaturesKept(): number {
    return this.#signer.signaturesKept
  }
}
