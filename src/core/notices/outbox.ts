import type { EpochMs } from '#base/time.ts'
import type { Letter, Recipient } from './letter.ts'
import { letterCodec } from './letter-json.ts'

/** Where letters wait for the postman, in the store's jobs. */
export const OUTBOX = 'mail'

export interface OutboxEntry {
  readonly queue: typeof OUTBOX
  readonly key: string
  readonly dueAt: EpochMs
  readonly body: string
}

/** An entry a recipient: one server's refusal does not make another recipient read it twice. */
export function outboxEntries(letter: Letter): readonly OutboxEntry[] {
  return letter.to.map((recipient) => ({
    queue: OUTBOX,
    key: `${letter.id} ${nameOf(recipient)}`,
    dueAt: letter.at,
    body: letterCodec.print({ ...letter, to: [recipient] }),
  }))
}

function nameOf(recipient: Recipient): string {
  return recipient.kind === 'list' ? recipient.list : `operator of ${recipient.mirror}`
}
