/**
 * One command at a time changes the keys of a folder: what may be done next depends on what is there, so reading and
 * writing belong together. Who only reads needs no lock, since each file is replaced whole.
 */
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import {
  diskError,
  type HeldLock,
  type LockHolder,
  makeFolders,
  removeLeftovers,
  takeLock,
} from '#adapters/disk/index.ts'
import { type EpochMs, epochMs, rfc3339, toSeconds } from '#base/time.ts'
import { ZoneKeyError } from './error.ts'
import { FOLDER_MODE } from './folder.ts'

/** Beside the keys, so that whoever may write one may write the other, and nodes that share the folder share it. */
const LOCK = 'lock'
/** A command has the lock for milliseconds; after five seconds somebody should know who does not let go. */
const TRIES_MAX = 100
const WAIT_MS = 50

export interface ZoneKeyLock extends AsyncDisposable {
  /** To be asked before each write. Throws `ZoneKeyError` where somebody took us for dead and goes on without us. */
  mustBeOurs(): Promise<void>
}

/** Makes the folder where it is not there, and removes what a killed command left of a file. */
export async function lockZoneKeys(
  folder: string,
  doing: string,
  now: EpochMs,
): Promise<ZoneKeyLock> {
  await makeFolders(folder, FOLDER_MODE)
  const lock = await heldLock(folder, doing)
  try {
    for (const place of [folder, join(folder, LOCK)]) await removeLeftovers(place, now)
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
  return {
    async mustBeOurs() {
      if (!(await lock.isOurs())) throw busy(folder, 'another command has taken over')
    },
    [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
  }
}

async function heldLock(folder: string, doing: string): Promise<HeldLock> {
  let holder: LockHolder | undefined
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const attempt = await takeLock(join(folder, LOCK), doing).catch((error: unknown) => {
      throw diskError(`lock the folder of keys "${folder}"`, error)
    })
    if (attempt.kind === 'taken') return attempt.lock
    holder = attempt.holder
    await wait(WAIT_MS)
  }
  throw busy(folder, holder === undefined ? 'other commands do' : wordsOf(holder))
}

function wordsOf({ note, pid, host, since }: LockHolder): string {
  return `"${note}" does, process ${pid} on ${host} since ${rfc3339(toSeconds(epochMs(since)))}`
}

function busy(folder: string, why: string): ZoneKeyError {
  return new ZoneKeyError(
    'busy',
    `change the keys in "${folder}": ${why}; nothing more was changed`,
  )
}
