export { type LegacySide, legacyDue, legacyFiles } from './legacy.ts'
export type { Manifest, ManifestFile } from './manifest.ts'
export { manifestOf, planRelease } from './plan.ts'
export {
  type DatabaseFile,
  databaseOf,
  databasePath,
  databaseVersions,
  HEADER_SUFFIX,
  type HeaderFile,
  headerPath,
  type Release,
  type ReleaseFile,
  setVersionOf,
} from './release.ts'
export { parseRelease, printRelease, type ReleaseFault } from './release-json.ts'
export { signedFileOf } from './signatures.ts'
