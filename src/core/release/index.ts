export type { Manifest, ManifestFile } from './manifest.ts'
export { manifestOf, planRelease } from './plan.ts'
export {
  type DatabaseFile,
  databaseOf,
  databaseVersions,
  type Release,
  type ReleaseFile,
  setVersionOf,
} from './release.ts'
export { parseRelease, printRelease, type ReleaseFault } from './release-json.ts'
