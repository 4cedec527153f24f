import type { SignatureKind } from './signature-name.ts'
import { type Changes, type KindChanges, type NamedCount, totalsOf } from './tally.ts'

/** Names shown of each kind of change; an announcement is read by people. */
const NAMES_SHOWN = 20

const KIND_WORDS: Readonly<Record<SignatureKind, string>> = {
  pattern: 'pattern signatures',
  logical: 'logical signatures',
  hash: 'hash signatures',
  bytecode: 'bytecode signatures',
  container: 'container signatures',
  phishing: 'phishing signatures',
  yara: 'YARA rules',
  allowed: 'allowed files and hosts',
  ignored: 'ignored signatures',
  other: 'other entries',
}

/**
 * Changes as lines of plain text: a sum, then for each kind what came, went and changed, with names up to `namesShown`
 * and "and N more". Names come from a database, so control characters are replaced; whoever makes HTML escapes them.
 */
export function changesInWords(changes: Changes, namesShown = NAMES_SHOWN): readonly string[] {
  const { added, dropped, changed } = totalsOf(changes)
  if (added + dropped + changed === 0) return ['No signature came, went or changed.']
  const about = changes.exact ? '' : 'About '
  const sum = `${about}${added} added, ${dropped} dropped, ${changed} changed.`
  return [sum, ...changes.kinds.flatMap((kind) => kindInWords(kind, namesShown))]
}

function kindInWords(kind: KindChanges, namesShown: number): readonly string[] {
  const parts = (['added', 'dropped', 'changed'] as const).filter((of) => kind[of].count > 0)
  const words = KIND_WORDS[kind.kind]
  return parts.map((of) => `${words} ${of}: ${namesInWords(kind[of], namesShown)}`)
}

/** `3 (A, B and 1 more)`; the number alone where no name is known. */
function namesInWords({ count, names }: NamedCount, namesShown: number): string {
  const shown = names.slice(0, namesShown).map((name) => name.replaceAll(/\p{Cc}/gu, '?'))
  if (shown.length === 0) return String(count)
  const more = count - shown.length
  return `${count} (${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''})`
}
