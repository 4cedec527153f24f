/** Is the staged tree the one that the signed manifest describes: no file more, none less, none other? */
import { createHash } from 'node:crypto'
import type { Manifest } from '../release/manifest.ts'
import type { Hidden } from './exclude.ts'
import { isTrustFile } from './stages.ts'

export type ListingFault =
  | { readonly kind: 'empty-manifest' }
  | { readonly kind: 'reserved-name'; readonly path: string }
  | { readonly kind: 'missing'; readonly path: string }
  | { readonly kind: 'extra'; readonly path: string }
  | {
      readonly kind: 'wrong-size'
      readonly path: string
      readonly bytes: number
      readonly expected: number
    }
  | { readonly kind: 'wrong-hash'; readonly path: string; readonly expected: string }

/** Every difference in names and lengths. `staged` is path → length of each regular file. */
export function compareNames(
  manifest: Manifest,
  staged: ReadonlyMap<string, number>,
  hidden: Hidden,
): readonly ListingFault[] {
  const faults: ListingFault[] = []
  if (manifest.files.size === 0) faults.push({ kind: 'empty-manifest' })
  for (const { path, bytes: expected } of manifest.files.values()) {
    const bytes = staged.get(path)
    if (isReserved(path)) faults.push({ kind: 'reserved-name', path })
    else if (bytes === undefined && !hidden(path)) faults.push({ kind: 'missing', path })
    else if (bytes !== undefined && bytes !== expected) {
      faults.push({ kind: 'wrong-size', path, bytes, expected })
    }
  }
  for (const path of staged.keys()) {
    if (!manifest.files.has(path) && !isTrustFile(path)) faults.push({ kind: 'extra', path })
  }
  return faults
}

/** Every listed file whose content is another. `hashes` is path → SHA-256 of each staged file. */
export function compareHashes(
  manifest: Manifest,
  hashes: ReadonlyMap<string, string>,
): readonly ListingFault[] {
  const faults: ListingFault[] = []
  for (const [path, sha256] of hashes) {
    const expected = manifest.files.get(path)?.sha256
    if (expected !== undefined && expected !== sha256) {
      faults.push({ kind: 'wrong-hash', path, expected })
    }
  }
  return faults
}

/** Equal exactly for manifests of the same files. One generation has one content, for ever. */
export function manifestDigest(manifest: Manifest): string {
  const lines = [...manifest.files.values()].map(({ path, bytes, sha256 }) => {
    return `${sha256} ${bytes} ${path}\n`
  })
  return createHash('sha256').update(lines.sort().join('')).digest('hex')
}

/** The operator's names, hidden names and ways out of the tree are nobody's to publish. */
function isReserved(path: string): boolean {
  return path
    .split('/')
    .some((name) => name === '' || name.startsWith('.') || name.startsWith('local_'))
}
