/**
 * Names in an upload folder. A sigmaker's file has a plain name; programs that are still writing use others, so that
 * the intake can tell a finished upload from one in progress.
 */

/** As long as any name of this field (`daily-27001.cdiff.sign`), several times over. */
export const UPLOAD_NAME_CHARS_MAX = 128
const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/
/** What WinSCP and scp clients of that kind write until a file is complete. */
const UNFINISHED_ENDINGS: readonly string[] = ['.part', '.filepart']

/** Letters, digits, `.`, `_` and `-`, not starting with `.` or `-`: no path, no pattern, no option, nothing hidden. */
export function isUploadName(name: string): boolean {
  return name.length <= UPLOAD_NAME_CHARS_MAX && PLAIN_NAME.test(name)
}

/**
 * True for a file that is still being written: rsync's `.NAME.XXXXXX`, our own `.NAME.….part`, other programs' `.part`.
 * `rsync --partial`, `--inplace` and sftp leave an unfinished file under its own name; the gate sees through those.
 */
export function isUploadInProgress(name: string): boolean {
  return name.startsWith('.') || UNFINISHED_ENDINGS.some((ending) => name.endsWith(ending))
}
