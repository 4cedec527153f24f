/** What a sync works with: this mirror's settings and the world around it, and the run that it belongs to. */
import type { Clock } from '#ports/clock.ts'
import type { DatabaseServer } from '#ports/database-server.ts'
import type { ManifestVerifier } from '#ports/manifest-signer.ts'
import type { Transfer } from '#ports/transfer.ts'
import type { MirrorSettings } from './settings.ts'

export interface SyncWorld {
  readonly settings: MirrorSettings
  readonly transfer: Transfer
  /** For one sync. */
  readonly openWeb: () => DatabaseServer & AsyncDisposable
  readonly manifests: ManifestVerifier
  /** The same for what somebody carried, which was signed a while ago. */
  readonly carried: ManifestVerifier
  readonly clock: Clock
  readonly deleteShareMax: number
  /** A database of at least so many bytes is made again where that can be; infinity: none is. */
  readonly rebuildBytesMin: number
  /** Called when another tree is served from now on. */
  readonly onSwitched?: () => Promise<void>
  /** Names each step when it is done, so that a test can stop the world there. */
  readonly onStep?: (step: string) => void
}

export interface SyncRun {
  readonly print: (line: string) => void
  /** False when the lock was lost. */
  readonly mayPublish: () => Promise<boolean>
  readonly signal: AbortSignal
}
