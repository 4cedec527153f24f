import { type EpochMs, epochMs } from '#base/time.ts'

/** When pages and other pointers that changed go out. Times in milliseconds. */
export interface PointerPolicy {
  /** Changes that come together travel together. */
  readonly settleMs: number
  /** At most one push of pointers alone in this time (decision 2). */
  readonly apartMs: number
}

export const POINTER_POLICY: PointerPolicy = { settleMs: 60_000, apartMs: 600_000 }

/**
 * When pointers are to be pushed for their own sake; undefined while nothing changed. `changedAt` is the first change
 * since the last push of anything: a release or a fresh timestamp takes the pages along, and nothing is left to do.
 */
export function pointerPushAt(
  changedAt: EpochMs | undefined,
  pushedAt: EpochMs | undefined,
  { settleMs, apartMs }: PointerPolicy,
): EpochMs | undefined {
  if (changedAt === undefined || (pushedAt !== undefined && pushedAt > changedAt)) return undefined
  const settled = changedAt + settleMs
  return epochMs(pushedAt === undefined ? settled : Math.max(settled, pushedAt + apartMs))
}
