/** Text for a configuration file. Undefined where a value could end what it stands in. */
const PLAIN = /^[^\p{Cc}"'\\{}$`;]+$/u

export function isPlain(value: string): boolean {
  return PLAIN.test(value)
}

/** Lines of a block, indented; undefined ones are left out. */
export function indented(width: number, lines: readonly (string | undefined)[]): string {
  const margin = ' '.repeat(width)
  return lines
    .filter((line) => line !== undefined)
    .map((line) => (line === '' ? '\n' : `${margin}${line}\n`))
    .join('')
}
