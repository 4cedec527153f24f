/**
 * Where a path of the upload account leads. The caller sees a home `/` with one folder in it, `/public_html`, which
 * holds plain files and nothing else. There is no file system behind these functions: they work on words alone.
 */
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { isUploadName } from './names.ts'

export const UPLOAD_FOLDER_NAME = 'public_html'
/** POSIX's PATH_MAX. */
const PATH_CHARS_MAX = 4096

export type UploadPlace =
  | { readonly kind: 'home' }
  | { readonly kind: 'folder' }
  | { readonly kind: 'file'; readonly name: string }

export type UploadPathFault =
  /** Not below `public_html/`, or with `..`, or absolute where a path from the home is wanted. */
  | { readonly kind: 'outside'; readonly given: string }
  | { readonly kind: 'sub-folder'; readonly given: string }
  | { readonly kind: 'bad-name'; readonly given: string }

/**
 * For sftp, whose clients build absolute paths and walk with `..`: resolved as a file system would, the home being the
 * root, so `..` never leads out of it.
 */
export function resolveUploadPath(path: string): Outcome<UploadPlace, UploadPathFault> {
  const given = path.slice(0, PATH_CHARS_MAX)
  if (path.length > PATH_CHARS_MAX || path.includes('\0')) return fail({ kind: 'bad-name', given })
  const steps: string[] = []
  for (const [at, step] of path.split('/').entries()) {
    if (step === '..') steps.pop()
    else if (step !== '' && step !== '.' && !(at === 0 && step === '~')) steps.push(step)
  }
  const [folder, name, ...more] = steps
  if (folder === undefined) return ok({ kind: 'home' })
  if (folder !== UPLOAD_FOLDER_NAME) return fail({ kind: 'outside', given })
  if (name === undefined) return ok({ kind: 'folder' })
  if (more.length > 0) return fail({ kind: 'sub-folder', given })
  return isUploadName(name) ? ok({ kind: 'file', name }) : fail({ kind: 'bad-name', given })
}

/** For rsync and scp, whose path is one word of a command: `public_html/`, or with a file name, and nothing clever. */
export function parseUploadTarget(word: string): Outcome<UploadPlace, UploadPathFault> {
  const fromHome = word.replace(/^(?:\.|~)\//, '')
  const [folder, ...rest] = fromHome.split('/')
  if (folder !== UPLOAD_FOLDER_NAME || rest.includes('..')) {
    return fail({ kind: 'outside', given: word })
  }
  const [name = '', ...more] = rest
  if (more.length > 0) return fail({ kind: 'sub-folder', given: word })
  if (name === '') return ok({ kind: 'folder' })
  return isUploadName(name) ? ok({ kind: 'file', name }) : fail({ kind: 'bad-name', given: word })
}

/** The place as an absolute path of the caller's world. */
export function uploadPlacePath(place: UploadPlace): string {
  switch (place.kind) {
    case 'home':
      return '/'
    case 'folder':
      return `/${UPLOAD_FOLDER_NAME}`
    case 'file':
      return `/${UPLOAD_FOLDER_NAME}/${place.name}`
  }
}
