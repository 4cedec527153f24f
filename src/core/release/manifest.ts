import type { Generation, Serial } from '#base/names.ts'

/** One published file: its path below the document root, its length and what it must hash to. */
export interface ManifestFile {
  readonly path: string
  readonly bytes: number
  /** Lower-case hexadecimal. */
  readonly sha256: string
}

/**
 * What the network says one published tree consists of: one release and one generation of pointers.
 * It lists every file but itself (`tuf/`) and the operator's `local_*`.
 */
export interface Manifest {
  readonly serial: Serial
  readonly generation: Generation
  readonly files: ReadonlyMap<string, ManifestFile>
}
