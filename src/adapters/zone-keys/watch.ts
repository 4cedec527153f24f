import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type EpochMs, toSeconds } from '#base/time.ts'
import type { ZoneKey } from '#core/dnssec/index.ts'
import { dnsName } from '#formats/dns-message/index.ts'
import { keyFiles, readSigningKeys } from './folder.ts'

/** A rollover takes days; a look costs nothing. */
const LOOK_EVERY_MS = 2_000

export interface ZoneKeyWatch {
  readonly folder: string
  readonly zone: string
  readonly now: () => EpochMs
  readonly onKeys: (keys: readonly ZoneKey[]) => void
  /** Once for each reason, not once a look. The keys before stay in use. */
  readonly onFault: (error: Error) => void
  readonly lookEveryMs?: number
}

/** Reads the keys again whenever one of the files is another, until it is disposed. The first look is after a while. */
export function watchZoneKeys(watch: ZoneKeyWatch, seenFirst: string): AsyncDisposable {
  const { folder, zone } = watch
  const stop = new AbortController()
  const { signal } = stop
  let seen = seenFirst
  let said = ''
  const look = async (): Promise<void> => {
    try {
      const stamp = await keysStamp(folder, zone)
      if (stamp === seen) return
      const keys = await readSigningKeys(folder, zone, toSeconds(watch.now()))
      seen = stamp
      said = ''
      watch.onKeys(keys)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      if (error.message !== said) watch.onFault(error)
      said = error.message
    }
  }
  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      await wait(watch.lookEveryMs ?? LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(
        () => {},
      )
      if (!signal.aborted) await look()
    }
  }
  const following = follow()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('Stopping'))
      await following
    },
  }
}

/** Changes when one of the files does. */
export async function keysStamp(folder: string, zone: string): Promise<string> {
  const files = await keyFiles(folder, dnsName(zone))
  const stamps = await Promise.all(
    files.map(async (name) => {
      const found = await stat(join(folder, name)).catch(() => undefined)
      return found === undefined
        ? name
        : `${name} ${found.ino} ${found.size} ${found.mtimeMs} ${found.mode}`
    }),
  )
  return stamps.join(', ')
}
