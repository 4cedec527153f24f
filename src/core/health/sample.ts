import type { Release, ReleaseFile } from '../release/index.ts'

/** A piece of a real file that a mirror is asked for (field-notes 1.22). */
export interface Sample {
  readonly path: string
  readonly from: number
  readonly bytes: number
  /** Of the whole file, when the piece is the whole file; else it is compared with the observer's own copy. */
  readonly sha256: string | undefined
}

/** Enough to meet a difference, little enough for every mirror in every round. */
const PIECE_BYTES = 64 * 1024
/** A whole file up to this can be compared by its hash. */
const WHOLE_BYTES_MAX = 256 * 1024

/**
 * Chooses by chance. With an own copy at hand any place of any file will do; without one only small files can be
 * judged, whole. Undefined where the release has none.
 */
export function chooseSample(
  release: Release,
  hasOwnCopy: boolean,
  draw: () => number,
): Sample | undefined {
  const files = [...release.files.values()].filter(
    ({ bytes }) => bytes > 0 && (hasOwnCopy || bytes <= WHOLE_BYTES_MAX),
  )
  const file: ReleaseFile | undefined = files[Math.floor(files.length * draw())]
  if (file === undefined) return undefined
  const { path, bytes, sha256 } = file
  if (bytes <= (hasOwnCopy ? PIECE_BYTES : WHOLE_BYTES_MAX)) {
    return { path, from: 0, bytes, sha256 }
  }
  const from = Math.floor((bytes - PIECE_BYTES + 1) * draw())
  return { path, from, bytes: PIECE_BYTES, sha256: undefined }
}
