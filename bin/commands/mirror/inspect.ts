import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SshTrigger } from '#adapters/ssh/index.ts'
import { type Point, type Verdict, verdictOf } from '#core/inspection/index.ts'
import { type MirrorRecord, serviceOf } from '#core/mirrors/index.ts'
import { inspectMirror } from '#roles/registrar/index.ts'
import { say } from '../../io.ts'
import { untilInterrupted } from '../cvd/common.ts'
import type { Office } from './office.ts'

/** The master's key for calling mirrors (`masterFiles`), where this machine has one. */
const TRIGGER_KEY = 'master/trigger_ed25519_key'
/** Where the settings have no master that says how long a sync may take. */
const SYNC_MS = 20 * 60_000

export async function inspect(
  { settings, store }: Office,
  mirror: MirrorRecord,
  isTold: boolean,
): Promise<{ readonly points: readonly Point[]; readonly verdict: Verdict }> {
  const keyFile = join(settings.state, TRIGGER_KEY)
  const hasKey = (await stat(keyFile).catch(() => undefined)) !== undefined
  const { points } = await inspectMirror(
    mirror,
    {
      zone: settings.zone,
      mbitMin: settings.registry.bandwidthMbitMin,
      head: await store.releases.head(),
      trigger: hasKey ? new SshTrigger({ privateKey: await readFile(keyFile, 'utf8') }) : undefined,
      syncMs: settings.master?.push.syncTimeoutMs ?? SYNC_MS,
      onLine: (line) => isTold && say(`    ${mirror.name}: ${line}`),
    },
    untilInterrupted(),
  )
  return { points, verdict: verdictOf(points, serviceOf(mirror).login) }
}
