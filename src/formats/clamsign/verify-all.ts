import { type ClamsignFile, parseClamsign } from './file.ts'
import {
  type ClamsignOptions,
  type ClamsignVerdict,
  FIRST_CLAMSIGN_LEVEL,
  verifyClamsign,
} from './verify.ts'

/**
 * What all engines make of a `.sign`, those of today and of later: each level at which another line decides is asked.
 * Good only where it is good for every one of them, else the first verdict that is not.
 */
export function verifyClamsignForAll(
  text: string,
  sha256: Uint8Array,
  options: Omit<ClamsignOptions, 'level'>,
): ClamsignVerdict {
  const file = parseClamsign(text)
  if (!file.ok) return { kind: 'cannot-try', reason: file.fault }
  let verdict = verifyClamsign(text, sha256, options)
  for (const level of decidingLevels(file.value)) {
    if (verdict.kind !== 'good') break
    verdict = verifyClamsign(text, sha256, { ...options, level })
  }
  return verdict
}

/** Above the first one: where a line begins to count, and where one ends. */
function decidingLevels({ signatures }: ClamsignFile): readonly number[] {
  const levels = signatures.flatMap(({ minLevel, maxLevel }) =>
    maxLevel === undefined ? [minLevel] : [minLevel, maxLevel + 1],
  )
  return [...new Set(levels)].filter((level) => level > FIRST_CLAMSIGN_LEVEL)
}
