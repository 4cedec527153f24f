const MEGABYTE = 1_000_000

/** `12.3 MB`, for people; nothing is smaller than 0.1. */
export function megabytes(bytes: number): string {
  return `${Math.max(0.1, Math.round(bytes / (MEGABYTE / 10)) / 10)} MB`
}
