import type { MirrorRecord, MirrorStage } from './record.ts'

interface Service {
  /** Its rsync login opens the module. */
  readonly login: boolean
  /** Masters call it at each release. */
  readonly push: boolean
  /** The public list names it. */
  readonly shown: boolean
}

const NONE: Service = { login: false, push: false, shown: false }

/**
 * What each stage is given. One that the monitor removed goes on being pushed to: it cannot become fresh, and so come
 * back (R113), in any other way. One that only has its credentials pulls when it likes, to try them (R62).
 */
const SERVICE_OF: Readonly<Record<MirrorStage, Service>> = {
  applied: NONE,
  checked: NONE,
  credentials: { login: true, push: false, shown: false },
  tested: { login: true, push: true, shown: false },
  listed: { login: true, push: true, shown: true },
  old: { login: true, push: true, shown: true },
  removed: { login: true, push: true, shown: false },
  suspended: NONE,
  retired: NONE,
  refused: NONE,
}

export function serviceOf({ stage }: Pick<MirrorRecord, 'stage'>): Service {
  return SERVICE_OF[stage]
}
