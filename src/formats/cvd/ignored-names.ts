import { createHash } from 'node:crypto'

/**
 * The signatures that `.ign` and `.ign2` files switch off: engines leave them out when they load, and so they do not
 * count. A line is a name, a name with the MD5 of the signature's line, or (the old form) file, line and name.
 */
export class IgnoredNames {
  /** By name: whatever its line is, or only lines with these MD5s. */
  readonly #names = new Map<string, 'any' | Set<string>>()

  add(line: string): void {
    const [first = '', second, third] = line.split(':')
    const name = third ?? first
    const md5 = third === undefined ? second?.toLowerCase() : undefined
    if (name === '') return
    const known = this.#names.get(name)
    if (md5 === undefined || known === 'any') this.#names.set(name, 'any')
    else this.#names.set(name, (known ?? new Set()).add(md5))
  }

  has(name: string, line: string): boolean {
    const known = this.#names.get(name)
    if (known === undefined || known === 'any') return known === 'any'
    return known.has(createHash('md5').update(line, 'latin1').digest('hex'))
  }
}
