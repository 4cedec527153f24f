/**
 * `viruses.md5` and, beside `viruses.db2`, `viruses2.md5` (formats.md 6.1, trap 30). Clients read the first 32
 * characters; behind them may stand what `md5sum` writes.
 */
export interface LegacyFileNames {
  readonly database: string
  readonly checksum: string
}

export const LEGACY_FILES = {
  main: { database: 'viruses.db', checksum: 'viruses.md5' },
  daily: { database: 'viruses.db2', checksum: 'viruses2.md5' },
} as const satisfies Readonly<Record<string, LegacyFileNames>>

/** A client reads up to 16 384 bytes of an answer; ours has 44. */
export const CHECKSUM_CHARS_MAX = 16_384

/** As `md5sum` prints it. `md5` is lower-case hexadecimal. */
export function printChecksum(md5: string, database: string): string {
  return `${md5}  ${database}\n`
}

/** The MD5 in it; undefined where old clients would see none, or one in capitals that never fits. */
export function parseChecksum(text: string): string | undefined {
  const md5 = text.slice(0, 32)
  return /^[0-9a-f]{32}$/.test(md5) && text.length <= CHECKSUM_CHARS_MAX ? md5 : undefined
}
