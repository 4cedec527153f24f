import type { PlainSetFacts } from '#core/gate/index.ts'
import type { ExamineContext, NamedFile } from './examine.ts'

/** Reads signed sets of plain files (decision 1b). */
export async function examineSets(
  named: readonly NamedFile[],
  _context: ExamineContext,
): Promise<{ readonly sets: readonly PlainSetFacts[]; readonly unlisted: readonly string[] }> {
  const outside = named.filter(
    ({ is }) => !['database', 'patch', 'detached-signature'].includes(is.kind),
  )
  return { sets: [], unlisted: outside.map(({ file }) => file) }
}
