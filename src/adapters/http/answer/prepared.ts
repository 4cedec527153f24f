/**
 * Whole answers, head and body, made once a second for all who ask the same: the check of an up-to-date client, the
 * header of a database, the patch of the day. A second is how long their `Date` holds.
 */

import type { ServedFile } from '../files/snapshot.ts'
import { secondNow } from './date-field.ts'
import { headText, type Lasting } from './head-text.ts'
import type { Plan } from './plan-answer.ts'

/** Of one second; who asks for ever new ranges gets his made for him alone. */
const KEPT_BYTES_MAX = 16 * 1024 * 1024

export class PreparedAnswers {
  #second = 0
  #bytes = 0
  readonly #byFile = new Map<ServedFile, Map<number, Uint8Array>>()

  /** `body` is the plan's span of the file. The bytes are shared: not to be changed. */
  get(file: ServedFile, plan: Plan, lasting: Lasting, body: Uint8Array): Uint8Array {
    const second = secondNow()
    if (second !== this.#second) {
      this.#second = second
      this.#bytes = 0
      this.#byFile.clear()
    }
    // Spans that begin at the start are what is asked for twice; their length tells them apart.
    if (plan.span !== undefined && plan.span.from > 0) return made(plan, lasting, body)
    const key = (body.length * 1000 + plan.status) * 3 + ORDER[lasting]
    let answers = this.#byFile.get(file)
    if (answers === undefined) {
      answers = new Map()
      this.#byFile.set(file, answers)
    }
    const kept = answers.get(key)
    if (kept !== undefined) return kept
    const answer = made(plan, lasting, body)
    if (this.#bytes < KEPT_BYTES_MAX) answers.set(key, answer)
    this.#bytes += answer.length
    return answer
  }
}

const ORDER: Readonly<Record<Lasting, number>> = { close: 0, stay: 1, 'stay-1.0': 2 }

function made({ status, fields }: Plan, lasting: Lasting, body: Uint8Array): Uint8Array {
  const head = headText(status, fields, lasting)
  const bytes = Buffer.allocUnsafeSlow(head.length + body.length)
  bytes.write(head, 0, head.length, 'latin1')
  bytes.set(body, head.length)
  return bytes
}
