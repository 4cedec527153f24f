import type { FileClass } from './file-class.ts'

/** Bytes a second for one connection; a class that is absent is not held back. */
export type Speeds = Readonly<Partial<Record<FileClass, number>>>

const KB = 1000

/** What one may choose by name. `clamav-advice` is what ClamAV's page on private mirrors asks of big ones. */
export const SPEED_PRESETS = {
  none: {},
  'clamav-advice': { database: 40 * KB, patch: 400 * KB },
} as const satisfies Readonly<Record<string, Speeds>>
