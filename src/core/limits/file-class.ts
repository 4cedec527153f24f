/**
 * What kind of file a path of a mirror is. Limits, caching and statistics ask this, so that all three mean the same.
 * Paths are as in a release: below the document root, without a slash in front.
 */
export const FILE_CLASSES = ['database', 'patch', 'signature', 'pointer', 'page', 'local'] as const
export type FileClass = (typeof FILE_CLASSES)[number]

/** `NAME-VERSION.cdiff` never changes once it is published (formats.md 4.1). */
const PATCH = /^[A-Za-z0-9_]+-\d+\.cdiff$/
const PAGE = /\.(?:html?|css|js|png|gif|jpe?g|svg|ico|webp|xml|atom)$/i
/** What says which release is the newest: small, and never to be kept by a proxy. */
const POINTER = /^(?:timestamp|dns\.txt|tuf\/.*|(?:database\/)?viruses\d?\.(?:db2?\.)?md5)$/

export function fileClass(path: string): FileClass {
  if (path.startsWith('local_')) return 'local'
  if (PATCH.test(path)) return 'patch'
  if (path.endsWith('.sign')) return 'signature'
  if (POINTER.test(path)) return 'pointer'
  return path === '' || path.endsWith('/') || PAGE.test(path) ? 'page' : 'database'
}
