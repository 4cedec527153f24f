/**
 * From a request line's target to the path of a file in the tree, or to nothing.
 *
 * The result is only ever looked up in a list of names, so an escape is impossible for the tree; the strictness
 * here is for the operator's `local_*`, which are looked up on disk, and for one spelling a file. Whatever is
 * refused is a 404: a 403 would lock a freshclam out of every mirror for a day (field-notes 2).
 */

/** Longer than any name in this field by far; it keeps the work on a hostile line small. */
const TARGET_CHARS_MAX = 2048
const ABSOLUTE_FORM = /^https?:\/\/[^/?#]*/i
/** As nearly every client asks; there is nothing to take out of it. */
const PLAIN_FORM = /^(?:\/[\w-][\w.-]*)+$/

/**
 * `main.cvd`, `database/viruses.db`, `` (the root), or `local_stats/` (a folder, with its slash).
 * Undefined: no file can have this name. Empty parts are dropped, since a client whose server setting ends in a
 * slash asks for `//main.cvd` (formats.md 5.2); `.` and `..` are not followed.
 */
export function pathOfTarget(target: string): string | undefined {
  if (target.length > TARGET_CHARS_MAX) return undefined
  if (PLAIN_FORM.test(target)) return target.slice(1)
  // A client behind a proxy setting sends the absolute form, and an origin has to accept it (RFC 9112 3.2.2).
  const local = target.replace(ABSOLUTE_FORM, '')
  const [raw = ''] = local.split('?', 1)
  if (raw !== '' && !raw.startsWith('/')) return undefined
  const parts: string[] = []
  for (const part of raw.split('/')) {
    const name = decodeOnce(part)
    if (name === undefined || !isPlainName(name)) return undefined
    if (name !== '') parts.push(name)
  }
  const folder = raw.endsWith('/') && parts.length > 0 ? '/' : ''
  return parts.join('/') + folder
}

function decodeOnce(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** No dot files, no dots, and nothing that another system could read as a separator or an end. */
function isPlainName(name: string): boolean {
  if (name.startsWith('.')) return false
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at)
    if (code < 0x20 || code === 0x7f || code === 0x2f || code === 0x5c || code === 0x23)
      return false
  }
  return true
}
