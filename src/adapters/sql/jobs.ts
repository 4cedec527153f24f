import { type EpochMs, epochMs } from '#base/time.ts'
import type { Job, Jobs, Lease, NewJob } from '#ports/store.ts'
import type { SqlAccess } from './access.ts'
import { countChange } from './changes.ts'
import type { SqlRow } from './database.ts'
import { numberIn, optionalTextIn, textIn } from './row.ts'

const LEASE = 'SELECT name, holder, until FROM leases'
const JOB = 'SELECT id, queue, key, due_at, body, taken, last_reason FROM jobs'

export class SqlJobs implements Jobs {
  readonly #access: SqlAccess

  constructor(access: SqlAccess) {
    this.#access = access
  }

  async lease(
    name: string,
    holder: string,
    ttlMs: number,
    now: EpochMs,
  ): Promise<Lease | undefined> {
    return await this.#access.write(async (session) => {
      const [row] = await session.rows(`${LEASE} WHERE name = $1`, [name])
      const held = row === undefined ? undefined : leaseIn(row)
      const isOurs = held?.holder === holder
      if (held !== undefined && !isOurs && now < held.until) return undefined
      const until = epochMs(isOurs ? Math.max(held.until, now + ttlMs) : now + ttlMs)
      await session.rows(
        `INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until`,
        [name, holder, until],
      )
      // Renewing is no news, and happens every few seconds.
      if (!isOurs) await countChange(session, 'jobs')
      return { name, holder, until }
    })
  }

  async endLease(name: string, holder: string): Promise<void> {
    await this.#access.write(async (session) => {
      const [ended] = await session.rows(
        'DELETE FROM leases WHERE name = $1 AND holder = $2 RETURNING name',
        [name, holder],
      )
      if (ended !== undefined) await countChange(session, 'jobs')
    })
  }

  async leases(): Promise<readonly Lease[]> {
    return (await this.#access.read(`${LEASE} ORDER BY name`)).map(leaseIn)
  }

  async enqueue({ queue, key, dueAt, body }: NewJob): Promise<void> {
    await this.#access.write(async (session) => {
      await session.rows('DELETE FROM jobs WHERE queue = $1 AND key = $2 AND holder IS NULL', [
        queue,
        key,
      ])
      await session.rows('INSERT INTO jobs (queue, key, due_at, body) VALUES ($1, $2, $3, $4)', [
        queue,
        key,
        dueAt,
        body,
      ])
      await countChange(session, 'jobs')
    })
  }

  async take(queue: string, holder: string, ttlMs: number, now: EpochMs): Promise<Job | undefined> {
    return await this.#access.write(async (session) => {
      // A hold that is over leaves the field to a newer job of the same key.
      await session.rows(
        `DELETE FROM jobs WHERE queue = $1 AND held_until <= $2 AND EXISTS
           (SELECT 1 FROM jobs AS newer WHERE newer.queue = jobs.queue AND newer.key = jobs.key AND newer.id > jobs.id)`,
        [queue, now],
      )
      const [row] = await session.rows(
        `${JOB} WHERE queue = $1 AND due_at <= $2 AND (held_until IS NULL OR held_until <= $2)
           ORDER BY due_at, id LIMIT 1`,
        [queue, now],
      )
      if (row === undefined) return undefined
      const job = jobIn(row)
      await session.rows(
        'UPDATE jobs SET holder = $2, held_until = $3, taken = taken + 1 WHERE id = $1',
        [job.id, holder, now + ttlMs],
      )
      await countChange(session, 'jobs')
      return job
    })
  }

  async done({ id }: Job): Promise<void> {
    await this.#access.write(async (session) => {
      await session.rows('DELETE FROM jobs WHERE id = $1', [id])
      await countChange(session, 'jobs')
    })
  }

  async retry({ id, queue, key, attempts }: Job, dueAt: EpochMs, reason: string): Promise<void> {
    await this.#access.write(async (session) => {
      const [newer] = await session.rows(
        'SELECT id FROM jobs WHERE queue = $1 AND key = $2 AND id > $3 LIMIT 1',
        [queue, key, id],
      )
      // `taken` tells this hold from a later one.
      await (newer === undefined
        ? session.rows(
            `UPDATE jobs SET holder = NULL, held_until = NULL, due_at = $3, last_reason = $4
               WHERE id = $1 AND taken = $2`,
            [id, attempts + 1, dueAt, reason],
          )
        : session.rows('DELETE FROM jobs WHERE id = $1 AND taken = $2', [id, attempts + 1]))
      await countChange(session, 'jobs')
    })
  }

  async waiting(queue: string): Promise<readonly Job[]> {
    const rows = await this.#access.read(
      `${JOB} WHERE queue = $1 AND holder IS NULL ORDER BY due_at, id`,
      [queue],
    )
    return rows.map(jobIn)
  }
}

function leaseIn(row: SqlRow): Lease {
  return {
    name: textIn(row, 'name'),
    holder: textIn(row, 'holder'),
    until: epochMs(numberIn(row, 'until')),
  }
}

function jobIn(row: SqlRow): Job {
  return {
    id: numberIn(row, 'id'),
    queue: textIn(row, 'queue'),
    key: textIn(row, 'key'),
    dueAt: epochMs(numberIn(row, 'due_at')),
    body: textIn(row, 'body'),
    attempts: numberIn(row, 'taken'),
    lastReason: optionalTextIn(row, 'last_reason'),
  }
}
