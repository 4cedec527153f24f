import { describeJsonFault } from '#base/json.ts'
import { type EpochMs, epochMs } from '#base/time.ts'
import { type Letter, type ListName, letterCodec, OUTBOX } from '#core/notices/index.ts'
import type { Clock } from '#ports/clock.ts'
import { MailError, type Mailer } from '#ports/mailer.ts'
import { type Job, type Store, StoreError } from '#ports/store.ts'

export interface PostmanWorld {
  readonly self: string
  readonly zone: string
  readonly store: Store
  readonly mailer: Mailer
  readonly clock: Clock
  /** A list without an address is not written to; its letters are in the feed. */
  readonly lists: Readonly<Record<ListName, string | undefined>>
  readonly onEvent: (line: string) => void
}

const MINUTE_MS = 60_000
/** How often the outbox is looked into when nobody says that there is something. */
const LOOK_EVERY_MS = MINUTE_MS
/** Longer than any mail server takes to answer; then another postman may take the letter. */
const HOLD_MS = 5 * MINUTE_MS
const RETRY_BASE_MS = MINUTE_MS
const RETRY_MAX_MS = 60 * MINUTE_MS
/** As long as mail servers themselves try. */
const GIVE_UP_AFTER_MS = 5 * 24 * 60 * MINUTE_MS

/** Carries letters from the outbox to the mail server, each until it is taken over. */
export class Postman {
  readonly #world: PostmanWorld

  constructor(world: PostmanWorld) {
    this.#world = world
  }

  async run(signal: AbortSignal): Promise<void> {
    const { store, clock, onEvent } = this.#world
    let wake = new AbortController()
    let isAway = false
    using _ = store.watch((part) => {
      if (part === 'jobs') wake.abort(new Error('There may be mail'))
    })
    while (!signal.aborted) {
      wake = new AbortController()
      try {
        await this.empty(signal)
        isAway = false
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof StoreError)) throw error
        if (!isAway) onEvent(`cannot look into the outbox: ${error.message}`)
        isAway = true
      }
      await clock.sleep(LOOK_EVERY_MS, AbortSignal.any([signal, wake.signal])).catch(() => {})
    }
  }

  /** Delivers whatever is due. Throws `StoreError`. */
  async empty(signal: AbortSignal): Promise<void> {
    const { store, clock, self } = this.#world
    while (!signal.aborted) {
      const job = await store.jobs.take(OUTBOX, self, HOLD_MS, clock.now())
      if (job === undefined) return
      await this.#deliver(job, signal)
    }
  }

  async #deliver(job: Job, signal: AbortSignal): Promise<void> {
    const { store, mailer } = this.#world
    const parsed = letterCodec.parse(job.body)
    if (!parsed.ok) return await this.#giveUp(job, describeJsonFault(parsed.fault))
    const letter = parsed.value
    const to = await this.#addressOf(letter)
    if (to === undefined) return await store.jobs.done(job)
    try {
      await mailer.send({ ...this.#headers(letter), to, text: letter.text }, signal)
      await store.jobs.done(job)
    } catch (error) {
      if (signal.aborted || !(error instanceof MailError)) throw error
      await this.#failed(job, letter, to, error)
    }
  }

  async #failed(job: Job, letter: Letter, to: string, error: MailError): Promise<void> {
    const { store, clock } = this.#world
    const now = clock.now()
    if (error.code === 'away' && now - letter.at < GIVE_UP_AFTER_MS) {
      return await store.jobs.retry(job, retryAt(job, now), error.message)
    }
    await this.#giveUp(job, `${error.message}; to ${to}: ${letter.subject}`)
  }

  async #giveUp(job: Job, reason: string): Promise<void> {
    const { store, clock, self, onEvent } = this.#world
    const entry = { at: clock.now(), who: self, what: 'gave up a letter', subject: job.key }
    await store.journal.append({ ...entry, why: [reason] })
    onEvent(`a letter is given up: ${reason}`)
    await store.jobs.done(job)
  }

  async #addressOf({ to: [recipient] }: Letter): Promise<string | undefined> {
    if (recipient === undefined) return undefined
    if (recipient.kind === 'list') return this.#world.lists[recipient.list]
    const { mirrors } = this.#world.store.registry
    return (await mirrors.get(recipient.mirror))?.value.admin
  }

  #headers({ id, thread, subject, at }: Letter) {
    const messageId = (one: string) => `<${one}@${this.#world.zone}>`
    const references = thread.map(messageId)
    return { subject, messageId: messageId(id), references, at: new Date(at) }
  }
}

function retryAt({ attempts }: Job, now: EpochMs): EpochMs {
  return epochMs(now + Math.min(RETRY_BASE_MS * 2 ** attempts, RETRY_MAX_MS))
}
