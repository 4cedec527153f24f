import type { Release, ReleaseFile } from './release.ts'

/**
 * What a `.sign` of a release is for: a patch that is there, or the published `.cvd` of that name and version. The
 * version of a database stands in its signature's name, though not in its own.
 */
export function signedFileOf(
  release: Pick<Release, 'files'>,
  target: string,
): ReleaseFile | undefined {
  const patch = release.files.get(target)
  if (patch?.kind === 'patch') return patch
  const [, name, version] = /^([^-.]+)-(\d+)\.cvd$/.exec(target) ?? []
  const database = release.files.get(`${name}.cvd`)
  return database?.kind === 'database' && String(database.version) === version
    ? database
    : undefined
}

/** Signatures whose file is no longer there: they go with it. */
export function strandedSignatures(files: Release['files']): readonly string[] {
  return [...files.values()]
    .filter(({ kind, path }) => {
      return kind === 'signature' && !signedFileOf({ files }, path.slice(0, -'.sign'.length))
    })
    .map(({ path }) => path)
}
