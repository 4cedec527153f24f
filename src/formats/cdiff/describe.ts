import { unreachable } from '#base/outcome.ts'
import type { PatchFault } from './apply.ts'
import type { CdiffFault } from './container.ts'
import type { DiffFault } from './diff-member.ts'
import type { ScriptFault } from './script.ts'

/** A fault in words for an operator's log or a sigmaker's terminal. */
export function describeCdiffFault(fault: CdiffFault): string {
  switch (fault.kind) {
    case 'empty-patch':
      return 'the patch is empty, which tells clients to take the whole database'
    case 'patch-too-large':
      return `the patch has ${fault.bytes} bytes, more than ${fault.bytesMax}`
    case 'patch-too-short':
      return `${fault.bytes} bytes are too few for a patch`
    case 'bad-patch-header':
      return 'not a patch: the header is not "ClamAV-Diff:VERSION:LENGTH:"'
    case 'no-patch-signature':
      return 'the patch does not end in a signature'
    case 'script-too-large':
      return `the script has ${fault.bytes} bytes, more than ${fault.bytesMax}`
    case 'script-too-dense':
      return `the script is packed ${fault.ratio} : 1, denser than ${fault.ratioMax} : 1`
    case 'bad-gzip':
      return 'the script is not whole gzip data'
    case 'script-length-differs':
      return `the script does not have the ${fault.declared} bytes that the header declares`
    default:
      return unreachable(fault)
  }
}

const SCRIPT_WORDS = {
  'script-too-large': 'the script is too large',
  'no-line-end': 'the last line has no line end',
  'unknown-command': 'no such command',
  'word-missing': 'a word is missing',
  'too-many-words': 'too many words',
  'bad-line-number': 'not a usable line number',
  'bad-file-name': 'not a usable file name',
  'file-still-open': 'a file is still open',
  'no-file-open': 'no file is open',
  'moved-onto-itself': 'a file is moved onto itself',
  'too-many-steps': 'too many files are touched',
  'too-many-edits': 'too many lines are edited',
} as const satisfies Record<ScriptFault['kind'], string>

export function describeScriptFault(fault: ScriptFault): string {
  return `script line ${fault.line}: ${SCRIPT_WORDS[fault.kind]}`
}

const PATCH_WORDS = {
  'pattern-differs': 'another line stands there',
  'line-missing': 'there is no such line',
  'member-without-line-end': 'the last line has no line end',
  'member-missing': 'there is no such file',
} as const satisfies Record<PatchFault['kind'], string>

export function describePatchFault(fault: PatchFault): string {
  return `script line ${fault.line}, file "${fault.file}": ${PATCH_WORDS[fault.kind]}`
}

export function describeDiffFault(fault: DiffFault): string {
  switch (fault.kind) {
    case 'bad-member-name':
      return `a patch cannot name "${fault.file}": letters, digits, "." and "_" only`
    case 'carriage-return':
      return `${fault.file}: a line holds a CR, which patches cannot say`
    case 'nul-byte':
      return `${fault.file}: a line holds a NUL byte, which patches cannot say`
    case 'no-last-line-end':
      return `${fault.file}: the last line has no line end, which patches cannot say`
    case 'empty-member':
      return `${fault.file} has no bytes, which patches cannot say`
    case 'line-too-long':
      return `${fault.file}: a line is too long for a patch`
    case 'change-too-large':
      return `${fault.file}: so much changed that the whole database is shorter; ship that`
    default:
      return unreachable(fault.kind)
  }
}
