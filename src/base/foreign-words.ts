/**
 * What another program said, for a log or a terminal: nothing in it that they would obey (control characters, marks that
 * turn the direction of writing, broken halves of characters), and no more than `charsMax` of it.
 */
export function foreignWords(text: string, charsMax: number): string {
  const cut = text.length > charsMax
  const kept = cut ? text.slice(0, charsMax) : text
  const escaped = kept.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (char) => {
    return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`
  })
  return cut ? `${escaped}…` : escaped
}
