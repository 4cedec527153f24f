/** Every "no" of the upload account, as the sigmaker reads it on his terminal (promise 9). */
import type { UploadLimitFault } from './limits.ts'
import { UPLOAD_NAME_CHARS_MAX } from './names.ts'
import type { UploadPathFault } from './path.ts'
import type { OptionHint, UploadRefusal } from './upload-command.ts'

const PURPOSE = 'This account takes uploads by rsync, scp and sftp into public_html/, nothing else.'
const EXAMPLE = "rsync -tcz -e 'ssh -i KEY' daily.cvd clamupload@HOST:public_html/"

const HINTS: Readonly<Record<OptionHint, string>> = {
  archive: `Links, owners, groups and devices are not taken, so -a is too much; use -tcz: ${EXAMPLE}`,
  recursive: `Folders are not taken; name the files: ${EXAMPLE}`,
  secluded: 'Add --no-s, so that the command names its folder openly.',
  relative: `Files go flat into public_html/, so --relative and --files-from have no use here: ${EXAMPLE}`,
  none: `This works: ${EXAMPLE}`,
}

export function uploadRefusalText(refusal: UploadRefusal): string {
  switch (refusal.kind) {
    case 'not-an-upload':
      return `${quoted(refusal.given)} is not run here. ${PURPOSE} For example: ${EXAMPLE}`
    case 'too-long':
      return `Commands of more than ${refusal.charsMax} characters are not read. ${PURPOSE}`
    case 'odd-character':
      return `The character ${quoted(refusal.given)} is not taken in a command: give plain file names, without quotes or wildcards.`
    case 'reads':
      return `Files are not sent from here by rsync or scp. ${PURPOSE} To see what you uploaded, use sftp.`
    case 'option':
      return `The option ${quoted(refusal.given)} is not taken. ${HINTS[refusal.hint]}`
    case 'not-one-path':
      return `Name one place to upload to: public_html/, or public_html/ and a file name. For example: ${EXAMPLE}`
    case 'path':
      return uploadPathText(refusal.fault)
  }
}

export function uploadPathText(fault: UploadPathFault): string {
  switch (fault.kind) {
    case 'outside':
      return `${quoted(fault.given)} is not open to you: uploads go into public_html/ and nowhere else.`
    case 'sub-folder':
      return `${quoted(fault.given)} is in a folder of its own: files go flat into public_html/.`
    case 'bad-name':
      return `${quoted(fault.given)} is not a plain file name: letters, digits, ".", "_" and "-", not starting with "." or "-", at most ${UPLOAD_NAME_CHARS_MAX} characters.`
  }
}

export function uploadLimitText(fault: UploadLimitFault): string {
  switch (fault.kind) {
    case 'file-too-large':
      return `The file is too large: at most ${bytesText(fault.bytesMax)} are taken.`
    case 'folder-full':
      return `Your upload folder is full: at most ${bytesText(fault.bytesMax)} together; remove something with sftp.`
    case 'too-many-files':
      return `Your upload folder holds too many files: at most ${fault.filesMax}; remove some with sftp.`
  }
}

const UNITS: readonly (readonly [number, string])[] = [
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
]

/** `64 MiB` where it comes out even, else the number of bytes. */
function bytesText(bytes: number): string {
  const unit = UNITS.find(([size]) => bytes >= size && bytes % size === 0)
  return unit === undefined ? `${bytes} bytes` : `${bytes / unit[0]} ${unit[1]}`
}

/** Guess: enough to recognise one's own words by. */
const QUOTED_CHARS_MAX = 120

function quoted(words: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would move the reader's cursor
  const harmless = words.slice(0, QUOTED_CHARS_MAX).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?')
  return `"${harmless}"`
}
